/** Port of the page on 127.0.0.1 unless a user names another: it is a fixed one, so that a report's links can name the page. */
export const pagePort = 8026;
