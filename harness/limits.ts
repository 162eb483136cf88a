/** Bounds on what a stranger's file can ask for. SECURITY.md lists each of them with its number; a test compares the two. */
export const limits = {
  /** Pixels of a photo, of a mask's picture, and of a stored run-length mask: checked before anything is allocated. */
  imagePixels: 2 ** 28,
  /** Steps that a pickle may take in all: instructions, copied items, members of modules, wrappings of a tensor. */
  pickleSteps: 1_000_000,
  /** Characters of a tensor's name. */
  tensorName: 1_000,
  /** Bytes of one tensor, as it is stored. */
  tensorBytes: 2 ** 32,
  /** Bytes of a download whose length nobody gives. */
  downloadBytes: 2 ** 34,
} as const;
