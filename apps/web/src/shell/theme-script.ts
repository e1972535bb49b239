export const THEME_KEY = 'pixgen-theme';

/** Sets the theme before the first paint; runs again when the system changes its mind. */
export const THEME_SCRIPT = `(function(){var m=matchMedia('(prefers-color-scheme: dark)');function a(){var t='system';try{t=localStorage.getItem('${THEME_KEY}')||t}catch(e){}document.documentElement.classList.toggle('dark',t==='dark'||(t!=='light'&&m.matches))}a();m.addEventListener('change',a);addEventListener('pixgen-theme',a)})()`;
