/** Apart from what works with it: whoever only clears it, at sign-out, needs none of that. */
export const KEPT_DATABASE = 'pixgen-photos';
