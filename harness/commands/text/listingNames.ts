/** What `bench list` lists, by the word that it takes. */
export const listingNames = ["variants", "datasets", "protocols", "metrics", "precisions", "runs", "papers"] as const;

export type ListingName = (typeof listingNames)[number];
