// The command palette (Ctrl-K or ⌘K), and j, k, e on a list of rows. Without this file all of it is a link away.
//
//   data-palette       on a link: opens the palette
//   data-rows          on a list: j and k go to its next and previous row, that is, to the link in the row's heading;
//                      e presses the row's [data-edit]
//   data-url, data-press  on an option: where it leads, or what on the page it presses, if that is there
(() => {
  "use strict"
  const on = (type, listener) => document.addEventListener(type, listener)
  const closest = (event, selector) => event.target instanceof Element ? event.target.closest(selector) : null
  const palette = document.getElementById("palette")
  const input = palette?.querySelector("input")
  const options = () => [...palette.querySelectorAll("[role=option]")]
  const chosen = () => palette.querySelector("[aria-selected=true]")

  if (navigator.platform.startsWith("Mac")) for (const key of document.querySelectorAll("[data-palette] kbd")) key.textContent = "⌘ K"

  function choose(option) {
    chosen()?.setAttribute("aria-selected", "false")
    option?.setAttribute("aria-selected", "true")
    option?.scrollIntoView({ block: "nearest" })
    if (option) input.setAttribute("aria-activedescendant", option.id)
    else input.removeAttribute("aria-activedescendant")
  }

  function open() {
    if (!palette || document.querySelector("dialog[open]")) return
    input.value = ""
    palette.showModal()
    htmx.trigger(input, "opened")
  }

  function go(option, newTab) {
    const { url, press } = option.dataset
    const there = press && document.querySelector(press)
    palette.close()
    if (there) there.click()
    else if (newTab) window.open(url, "_blank", "noopener")
    else location.assign(url)
  }

  on("click", (event) => {
    if (closest(event, "[data-palette]") && palette) { event.preventDefault(); open() }
    const option = palette?.contains(event.target) && closest(event, "[role=option]")
    if (option) go(option, event.ctrlKey || event.metaKey)
    if (palette && event.target === palette) palette.close() // the backdrop
  })
  on("pointermove", (event) => { if (palette?.open && closest(event, "[role=option]")) choose(closest(event, "[role=option]")) })

  on("keydown", (event) => {
    if (event.isComposing) return
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
      if (!palette) return
      event.preventDefault()
      if (palette.open) palette.close()
      else open()
    } else if (palette?.open && event.target === input) {
      const all = options()
      const at = all.indexOf(chosen())
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
      if (step && all.length) {
        event.preventDefault()
        choose(all.at((at + step) % all.length))
      } else if (event.key === "Enter" && chosen()) {
        event.preventDefault()
        go(chosen(), event.ctrlKey || event.metaKey)
      }
    } else rows(event)
  })

  // The newest answer's first option is chosen, and its number of results is said.
  palette?.addEventListener("htmx:afterSwap", () => {
    choose(options()[0])
    palette.querySelector("[role=status]").textContent = palette.querySelector("[data-count]").dataset.count
  })

  // ---- j, k, e ----

  function rows(event) {
    const list = document.querySelector("[data-rows]")
    if (!list || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return
    if (closest(event, "input, textarea, select, [contenteditable]")) return
    const step = { j: 1, k: -1 }[event.key]
    if (!step && event.key !== "e") return
    const all = [...list.children]
    const at = all.findIndex((row) => row.contains(document.activeElement))
    if (step) all[Math.max(0, Math.min(at + step, all.length - 1))]?.querySelector("h2 a").focus()
    else if (at >= 0) all[at].querySelector("[data-edit]").click()
    else return
    event.preventDefault()
  }
})()
