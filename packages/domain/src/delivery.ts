/** Widths in px at which images are drawn for the screen; the web app's image sizes are exactly these. */
export const DELIVERY_WIDTHS = [128, 256, 384, 640, 960, 1280, 1920] as const;
