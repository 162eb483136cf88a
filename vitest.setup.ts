import fc from "fast-check";

// The same cases in every run: a red test is red again. FAST_CHECK_SEED=n draws others.
fc.configureGlobal({ seed: Number(process.env.FAST_CHECK_SEED ?? 1) });
