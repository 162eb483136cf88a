// Plug-ins import this project by its name, from any folder: it is the copy that runs them, whatever else is installed there.
export function resolve(specifier, context, next) {
  if (!/^sam-bench(\/|$)/.test(specifier)) return next(specifier, context);
  return next(specifier, { ...context, parentURL: import.meta.url });
}
