// Tips. The button's popovertarget alone opens and closes them; this adds resting on the button, focus, and on touch screens
// a place for the bulb above the sheet. A tip that is only there for people who ask (.tip--asked) waits for a click or Enter.
(() => {
  "use strict"
  const REST = 150 // ms without moving before a tip opens: crossing a row of bulbs opens none
  const LINGER = 300 // ms to get from the button to its tip
  const on = (type, listener, options) => document.addEventListener(type, listener, options)
  const closest = (event, selector) => event.target instanceof Element ? event.target.closest(selector) : null
  const OPENER = "button[popovertarget]:not([popovertargetaction=hide])"
  // As in bulbs.css: where nothing hovers, tips are sheets from below.
  const sheets = matchMedia("(hover: none)")

  let pinned = null // opened on purpose: stays when the pointer leaves
  let leaving = 0
  let resting = 0

  const tipOf = (button) => {
    const tip = button && document.getElementById(button.getAttribute("popovertarget"))
    return tip?.matches(".tip") ? tip : null
  }
  const buttonOf = (tip) => document.querySelector(`[popovertarget="${CSS.escape(tip.id)}"]`)

  function show(tip) {
    clearTimeout(leaving)
    clearTimeout(resting)
    const button = buttonOf(tip)
    if (!tip.matches(":popover-open")) tip.showPopover({ source: button })
    if (sheets.matches) {
      button.style.scrollMarginBlock = `4.5rem ${tip.offsetHeight + 16}px`
      button.scrollIntoView({ block: "nearest" })
    } else place?.(tip)
  }

  function leave(tip) {
    clearTimeout(leaving)
    leaving = setTimeout(() => {
      if (tip.matches(":popover-open") && pinned !== tip.id && !tip.matches(":hover")) tip.hidePopover()
    }, LINGER)
  }

  on("pointermove", (event) => {
    if (event.pointerType !== "mouse") return
    clearTimeout(resting)
    if (closest(event, ".tip")) return clearTimeout(leaving)
    const tip = tipOf(closest(event, OPENER))
    if (tip && !tip.matches(".tip--asked, :popover-open")) resting = setTimeout(() => show(tip), REST)
    // The way to the tip may lead over the other bulbs.
    const open = document.querySelector(".tip:popover-open")
    if (open && open !== tip && closest(event, ".bulbs")?.contains(open)) leave(open)
  })
  on("pointerout", (event) => {
    if (event.pointerType !== "mouse") return
    clearTimeout(resting)
    const tip = closest(event, ".tip") ?? tipOf(closest(event, OPENER))
    if (tip) leave(tip)
  })
  on("focusin", (event) => {
    const tip = tipOf(closest(event, OPENER))
    if (tip && !tip.matches(".tip--asked") && event.target.matches(":focus-visible")) show(tip)
  })
  on("focusout", (event) => {
    const tip = closest(event, ".tip") ?? tipOf(closest(event, OPENER))
    if (!tip || tip.contains(event.relatedTarget)) return
    if (event.relatedTarget && event.relatedTarget !== buttonOf(tip)) pinned = null
    leave(tip)
  })
  on("click", (event) => {
    const tip = tipOf(closest(event, OPENER))
    if (!tip) return
    event.preventDefault() // we do what popovertarget would, so that a tip opened by resting isn't closed by the click
    const toggleOff = pinned === tip.id && tip.matches(":popover-open")
    pinned = toggleOff ? null : tip.id
    if (toggleOff) tip.hidePopover()
    else show(tip)
  })
  on("toggle", (event) => { if (event.newState === "closed" && pinned === event.target.id) pinned = null }, true)

  // ---- A tip that is open in what is swapped stays open ----

  let open = null
  on("htmx:beforeSwap", (event) => { open = event.detail.target.querySelector(".tip:popover-open")?.id })
  on("htmx:afterSwap", () => {
    const tip = open && document.getElementById(open)
    if (tip?.matches(".tip:not(:popover-open)")) show(tip)
  })

  // ---- A place for a tip in browsers whose style sheets can't give it one (see bulbs.css) ----

  const place = CSS.supports("position-area", "block-end") ? null : (tip) => {
    const button = buttonOf(tip)
    if (!button || sheets.matches) return
    const gap = 8
    const beside = (button.closest(".bulbs") ?? button).getBoundingClientRect()
    const below = (button.closest(".dataset, .connection, tr, .bulbs") ?? button).getBoundingClientRect()
    tip.style.inset = "auto"
    tip.style.margin = "0"
    const { offsetWidth: width, offsetHeight: height } = tip
    const right = document.documentElement.clientWidth
    const isAsked = tip.matches(".tip--asked")
    let [left, top] = [beside.left, below.bottom + gap]
    if (!isAsked && beside.left >= width + 2 * gap) [left, top] = [beside.left - gap - width, beside.top]
    else if (!isAsked && right - beside.right >= width + 2 * gap) [left, top] = [beside.right + gap, beside.top]
    else if (innerHeight - below.bottom < height + 2 * gap && below.top >= height + 2 * gap) top = below.top - gap - height
    tip.style.top = `${Math.max(gap, Math.min(top, innerHeight - height - gap))}px`
    tip.style.left = `${Math.max(gap, Math.min(left, right - width - gap))}px`
  }
  if (place) {
    const follow = () => document.querySelectorAll(".tip:popover-open").forEach(place)
    addEventListener("scroll", follow, { capture: true, passive: true })
    addEventListener("resize", follow)
  }
})()
