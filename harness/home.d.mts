export function homeFolder(env?: NodeJS.ProcessEnv, platform?: NodeJS.Platform): string;
