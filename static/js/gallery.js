// Keys of the gallery, which works without them, and pictures that could not be loaded.
//   data-tiles          a list of tiles: arrow keys move between their links
//   data-tile           on a picture: where to ask again if it could not be loaded
(() => {
  "use strict"
  const tiles = document.querySelector("[data-tiles]")
  const links = () => [...tiles.querySelectorAll(".tile__link")]
  const isElsewhere = (event) =>
    event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing ||
    event.target.closest("input, select, textarea, dialog, [popover]") || document.querySelector("dialog[open], :popover-open")

  // ---- Tiles ----

  // How many stand beside each other: those as high as the first.
  const top = (link) => Math.round(link.getBoundingClientRect().top)
  const columns = (all) => all.filter((link) => top(link) === top(all[0])).length

  function move(event) {
    const all = links()
    const at = all.indexOf(document.activeElement)
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns(all), ArrowDown: columns(all) }[event.key]
    const to = event.key === "Home" ? 0 : event.key === "End" ? all.length - 1 : at + step
    // From anywhere else the first press leads to the first tile, of keys that scroll nothing sideways.
    const next = at < 0 ? (event.key === "ArrowRight" ? all[0] : null) : all[to]
    if (!next) return
    event.preventDefault()
    next.focus()
    next.scrollIntoView({ block: "nearest" })
  }

  function onTiles(event) {
    const link = document.activeElement.closest(".tile__link")
    if (event.key === " " && link) {
      event.preventDefault()
      link.click()
    } else if (event.key.startsWith("Arrow") || (link && ["Home", "End"].includes(event.key))) move(event)
  }

  document.addEventListener("keydown", (event) => {
    if (isElsewhere(event)) return
    if (tiles) onTiles(event)
  })
  // Back from a file: its tile has the focus again.
  if (tiles) document.getElementById(location.hash.slice(1))?.querySelector(".tile__link")?.focus()

  // A picture that could not be loaded: the server may have been busy, or has deleted it. Asked once more, then it stays.
  const again = new Set()
  document.addEventListener("error", (event) => {
    const url = event.target.dataset?.tile
    if (!url || again.has(url)) return
    again.add(url)
    setTimeout(() => htmx.ajax("GET", url, { target: event.target, swap: "outerHTML" }), 2000)
  }, true)
})()
