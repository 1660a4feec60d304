// Puts the person's colour scheme on <html> before the first paint, so that a dark page never flashes white.
;(() => {
  var wanted = 'auto'
  try {
    wanted = localStorage.getItem('tidemark-color-scheme') || 'auto'
  } catch (_e) {}
  if (wanted !== 'light' && wanted !== 'dark') wanted = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
  document.documentElement.setAttribute('data-mantine-color-scheme', wanted)
})()
