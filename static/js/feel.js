// Small comforts on every page; all of it works without this file, only less nicely.
//
//   data-keys="g d"      on a link or button: these keys, one after the other, press it. "?" lists all that are on the page
//   data-keys-label      what the list calls it, if not by its own text
//   data-show-shortcuts  on a button: opens the list too
//   <time datetime title="…">  a relative time ("2 hours ago"): kept fresh, and exact in the reader's zone on hover
//   <time datetime>      an exact time: shown in the reader's own zone
//   .bulb--STATE         their worst state stands in the page's title and in its icon
(() => {
  "use strict"
  const said = document.getElementById("words").dataset
  const on = (type, listener, options) => document.addEventListener(type, listener, options)

  // ---- Keyboard shortcuts ----

  const list = document.getElementById("shortcuts")
  // In narrow windows the navigation is a menu, whose keys work while it is closed.
  const offered = () => [...document.querySelectorAll("[data-keys]")].filter((element) => element.closest(".nav") || element.checkVisibility())
  const isTyping = (event) => event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable]")
  let pressed = []
  let forgetting = 0

  function row(keys, label) {
    const item = document.getElementById("shortcut-template").content.firstElementChild.cloneNode(true)
    item.querySelector("dt").textContent = label
    item.querySelector("dd").replaceChildren(...keys.split(" ").map((key) => Object.assign(document.createElement("kbd"), { textContent: key })))
    return item
  }

  function showList() {
    const labelled = offered().map((element) => [element.dataset.keys, element.dataset.keysLabel ?? element.textContent.trim()])
    const search = document.querySelector("[data-search]") ? [["/", said.toSearch]] : []
    const palette = document.getElementById("palette") ? [[navigator.platform.startsWith("Mac") ? "⌘ K" : said.jumpKeys, said.jump]] : []
    // Those that palette.js knows.
    const inRows = document.querySelector("[data-rows]") ? [["j", said.nextRow], ["k", said.previousRow], ["e", said.editRow]] : []
    const rows = [...palette, ...labelled, ...search, ...inRows, ["?", said.thisList], ["Esc", said.closeOpen]]
    list.querySelector("dl").replaceChildren(...rows.map(([keys, label]) => row(keys, label)))
    list.showModal()
  }

  on("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event)) return
    if (event.key === "?" && !list.open) { event.preventDefault(); return showList() }
    if (event.key.length !== 1 || document.querySelector("dialog[open]")) return
    clearTimeout(forgetting)
    forgetting = setTimeout(() => { pressed = [] }, 1200)
    pressed.push(event.key)
    const fits = (keys) => keys.split(" ").every((key, index) => key === pressed[index])
    const found = offered().find(({ dataset }) => dataset.keys.split(" ").length === pressed.length && fits(dataset.keys))
    if (found) {
      event.preventDefault()
      pressed = []
      found.click()
    } else if (!offered().some(({ dataset }) => dataset.keys.startsWith(pressed.join(" ")))) pressed = []
  })
  on("click", (event) => {
    if (!(event.target instanceof Element)) return
    if (event.target.closest("[data-show-shortcuts]")) showList()
    if (event.target === list || event.target.closest("#shortcuts [data-close]")) list.close()
  })

  // ---- Times ----

  // As the server writes them, 28 Nov 2026, 14:05 UTC, but in the reader's zone: en-GB has this order and 24 hours.
  const written = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang
  const day = { day: "numeric", month: "short", year: "numeric" }
  const exact = new Intl.DateTimeFormat(written, { ...day, hour: "2-digit", minute: "2-digit", timeZoneName: "short" })
  const precise = new Intl.DateTimeFormat(written, { ...day, hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" })
  const relative = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" })
  const units = [["year", 31557600], ["month", 2629800], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]]

  function words(seconds) {
    if (Math.abs(seconds) < 10) return said.justNow
    const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length)
    return relative.format(Math.trunc(seconds / size), unit)
  }

  function tell(root) {
    const times = [...root.querySelectorAll("time[datetime]")]
    if (root.matches?.("time[datetime]")) times.push(root)
    for (const element of times) {
      const moment = new Date(element.dateTime)
      if (Number.isNaN(moment.valueOf())) continue
      const text = element.title ? words((moment - Date.now()) / 1000) : exact.format(moment)
      if (element.title) element.title = precise.format(moment)
      if (element.textContent !== text) element.textContent = text
    }
  }

  setInterval(() => { if (!document.hidden) tell(document) }, 15000)
  on("visibilitychange", () => { if (!document.hidden) tell(document) })

  // ---- What the tab says while one looks at another ----

  const icon = document.querySelector("link[rel=icon]")
  const plainIcon = icon?.href
  const marks = { checking: "… ", denied: "⚠ ", granted: "✓ " }

  function showState() {
    const bulbs = document.getElementById("main")?.querySelectorAll(".bulb") ?? []
    const states = new Set([...bulbs].flatMap((bulb) => [...bulb.classList]).map((name) => name.replace("bulb--", "")))
    const state = Object.keys(marks).find((name) => states.has(name))
    // The server's own "(3) " tells already how many need attention.
    const plain = document.title.replace(/^[…⚠✓] /, "")
    const title = (plain.startsWith("(") && state !== "checking" ? "" : marks[state] ?? "") + plain
    if (document.title !== title) document.title = title
    const href = icon?.dataset[state] ?? plainIcon
    if (icon && icon.getAttribute("href") !== href) icon.href = href
  }

  on("htmx:load", (event) => { tell(event.detail.elt); showState() })
  on("htmx:afterSettle", showState)
  tell(document)
  showState()
})()
