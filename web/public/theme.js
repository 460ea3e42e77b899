// Runs before the first paint, so that a dark page does not flash white. A file, because the CSP allows no inline script.
;(function () {
  var choice
  try {
    choice = localStorage.getItem('picket.theme')
  } catch {
    // storage may be forbidden: the system's theme then
  }
  var dark = choice === 'dark' || (choice !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
})()
