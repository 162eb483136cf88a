/**
 * Imports of the project's own plug-ins by path. It is empty where TypeScript runs as it is, and every module is then imported
 * by its path. compile.mjs writes them, because compiled modules lie elsewhere.
 */
export const ownModules: Readonly<Record<string, () => Promise<unknown>>> = {};
