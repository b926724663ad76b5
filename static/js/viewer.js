// The page of one file: zoom, pan, full screen, what is drawn over the picture, and keys. It shows everything without it.
//   data-stage          the frame that scrolls and fills the screen;  data-full-screen: its button
//   data-sheet          the picture in it, with all that is drawn over it: it is what grows
//   data-zoom           buttons: in, out, fit
//   data-back           where Escape leads
//   data-shapes         an SVG over a picture; its value is the width of its own units
//   data-show-task, data-show-class (with data-in-task), data-threshold    what is drawn; kept while the tab is open
//   data-player         a video;  data-seek: on a button, the second it plays from;  data-player-failed: what is shown instead
//   data-preload        pictures of the files beside this one, which come before anybody asks
(() => {
  "use strict"
  const stage = document.querySelector("[data-stage]")
  if (!stage) return
  const sheet = stage.querySelector("[data-sheet]")
  const on = (type, listener, options) => document.addEventListener(type, listener, options)
  const all = (selector) => [...document.querySelectorAll(selector)]

  // ---- Zoom: the sheet grows, and the stage scrolls. So pictures, shapes and scroll bars stay the browser's own. ----

  const MOST = 16
  const STEP = 1.25
  let zoom = 1
  let whole = null // width and height of the sheet when all of it is seen

  function zoomTo(wanted, at = null) {
    const picture = sheet?.querySelector("img.picture")
    if (!picture) return
    const next = Math.min(MOST, Math.max(1, wanted))
    const frame = stage.getBoundingClientRect()
    if (zoom === 1) {
      const { width, height } = picture.getBoundingClientRect()
      whole = { width, height }
      // The stage keeps its place on the page while the picture in it grows.
      stage.style.height = `${frame.height}px`
    }
    const point = at ?? { x: frame.left + frame.width / 2, y: frame.top + frame.height / 2 }
    const before = sheet.getBoundingClientRect()
    const share = { x: (point.x - before.left) / before.width, y: (point.y - before.top) / before.height }
    zoom = next
    sheet.classList.toggle("is-zoomed", zoom > 1)
    sheet.style.width = zoom > 1 ? `${whole.width * zoom}px` : ""
    sheet.style.height = zoom > 1 ? `${whole.height * zoom}px` : ""
    if (zoom === 1) stage.style.height = ""
    const after = sheet.getBoundingClientRect()
    stage.scrollLeft += after.left + share.x * after.width - point.x
    stage.scrollTop += after.top + share.y * after.height - point.y
    const shown = document.querySelector("[data-zoom-shown]")
    if (shown) shown.textContent = `${Math.round(zoom * 100)} %`
  }
  const zoomBy = { in: () => zoomTo(zoom * STEP), out: () => zoomTo(zoom / STEP), fit: () => zoomTo(1) }

  // By the wheel once the picture was clicked, in full screen, or with Ctrl, which is also how touch pads say "pinch".
  stage.addEventListener("wheel", (event) => {
    const isMeant = event.ctrlKey || document.fullscreenElement === stage || stage.contains(document.activeElement)
    const wanted = zoom * Math.exp(-event.deltaY / (event.ctrlKey ? 100 : 400))
    if (!isMeant || !sheet || (zoom === 1 && wanted <= 1 && !event.ctrlKey)) return
    event.preventDefault()
    zoomTo(wanted, { x: event.clientX, y: event.clientY })
  }, { passive: false })

  // A mouse drags the picture, one finger scrolls it by itself, two fingers zoom.
  const fingers = new Map()
  const spread = () => { const [one, other] = [...fingers.values()]; return Math.hypot(one.x - other.x, one.y - other.y) }
  const middle = () => { const [one, other] = [...fingers.values()]; return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 } }
  let pinched = null
  stage.addEventListener("pointerdown", (event) => {
    if (event.button || event.target.closest("video, a, button")) return
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY })
    if (fingers.size === 2) pinched = { spread: spread(), zoom }
    if (event.pointerType === "mouse" && zoom > 1) stage.setPointerCapture(event.pointerId)
  })
  stage.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId)
    if (!before) return
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY })
    if (pinched && fingers.size === 2) zoomTo(pinched.zoom * spread() / pinched.spread, middle())
    else if (event.pointerType === "mouse" && zoom > 1) stage.scrollBy(before.x - event.clientX, before.y - event.clientY)
  })
  for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
    stage.addEventListener(end, (event) => { fingers.delete(event.pointerId); if (fingers.size < 2) pinched = null })
  }
  stage.addEventListener("dragstart", (event) => event.preventDefault())
  addEventListener("resize", () => zoomTo(1))
  on("fullscreenchange", () => zoomTo(1))

  // ---- Keys and buttons ----

  const isElsewhere = (event) =>
    event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing ||
    event.target.closest("input:not([type=checkbox]), select, textarea, video, dialog, [popover]") || document.querySelector("dialog[open], :popover-open")
  const toggle = () => (document.fullscreenElement ? document.exitFullscreen() : stage.requestFullscreen())
  const follow = (selector) => document.querySelector(selector)?.click()
  const PAN = 80
  const pans = { ArrowLeft: [-PAN, 0], ArrowRight: [PAN, 0], ArrowUp: [0, -PAN], ArrowDown: [0, PAN] }

  on("keydown", (event) => {
    if (isElsewhere(event)) return
    if (zoom > 1 && pans[event.key]) {
      event.preventDefault()
      stage.scrollBy(...pans[event.key])
    } else if (event.key === "ArrowLeft") follow(".viewer__nav [rel=prev]")
    else if (event.key === "ArrowRight") follow(".viewer__nav [rel=next]")
    else if (event.key === "Escape" && zoom > 1) zoomTo(1)
    else if (event.key === "Escape" && !document.fullscreenElement) follow("[data-back]")
    else if (event.key === "f") toggle()
    else if (event.key === "=") zoomBy.in() // where + needs Shift
  })
  for (const button of all("[data-zoom]")) {
    button.hidden = !sheet
    button.addEventListener("click", zoomBy[button.dataset.zoom])
  }
  const fullScreen = document.querySelector("[data-full-screen]")
  fullScreen.hidden = !document.fullscreenEnabled
  fullScreen.addEventListener("click", toggle)

  // ---- Videos ----

  const player = document.querySelector("[data-player]")
  player?.addEventListener("error", () => {
    player.hidden = true
    document.querySelector("[data-player-failed]").hidden = false
  })
  on("click", (event) => {
    const still = event.target.closest("[data-seek]")
    if (!still || !player) return
    player.currentTime = Number(still.dataset.seek)
    player.play().catch(() => {}) // its own "error" says why
    player.scrollIntoView({ block: "nearest" })
  })

  // ---- What is drawn ----

  // Strokes and letters keep their size on the screen, however large the picture is.
  const sizes = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) {
      if (contentRect.width) target.style.setProperty("--unit", target.dataset.shapes / contentRect.width)
    }
  })

  const STORED = `viewer ${location.pathname}`
  const chosen = { hidden: [], threshold: 0, ...JSON.parse(sessionStorage.getItem(STORED) ?? "{}") }
  const nameOf = (box) => JSON.stringify(box.dataset.showTask === undefined ? [box.dataset.inTask, box.dataset.showClass] : [box.dataset.showTask])

  function draw() {
    const hidden = new Set(chosen.hidden)
    for (const shape of all("[data-task]")) {
      const { task, class: category, score } = shape.dataset
      const isHidden = hidden.has(JSON.stringify([task])) || hidden.has(JSON.stringify([task, category])) || (score !== "" && Number(score) < chosen.threshold)
      shape.toggleAttribute("hidden", isHidden)
    }
    const shown = document.querySelector("[data-threshold-shown]")
    if (shown) shown.textContent = Number(chosen.threshold).toFixed(2)
  }

  function settle() {
    for (const box of all("[data-show-task], [data-show-class]")) box.checked = !chosen.hidden.includes(nameOf(box))
    for (const slider of all("[data-threshold]")) slider.value = chosen.threshold
    for (const shapes of all("[data-shapes]")) sizes.observe(shapes)
    for (const picture of all("[data-preload] img")) picture.loading = "eager"
    draw()
  }

  on("input", (event) => {
    const box = event.target
    if (box.matches("[data-threshold]")) chosen.threshold = Number(box.value)
    else if (box.matches("[data-show-task], [data-show-class]")) {
      chosen.hidden = chosen.hidden.filter((name) => name !== nameOf(box)).concat(box.checked ? [] : [nameOf(box)])
    } else return
    sessionStorage.setItem(STORED, JSON.stringify(chosen))
    draw()
  })
  on("htmx:load", settle)
  settle()
})()
