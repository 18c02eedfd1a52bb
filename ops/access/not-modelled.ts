/** What policies say, or how they are attached, is nothing that is modelled here; the message says what. */
export class NotModelled extends Error {}
