/* The home page asks for all rows in which a check is open, in one request, until there are none.

   Each of these rows carries a stamp of what it shows (data-open). The stamps go along as If-None-Match, so the answer
   is 304 and a few bytes until something has changed. Rows that come find their places by their ids. */
(() => {
  "use strict"

  // For so many seconds after a check was begun, the milliseconds between two requests: most are done within two seconds.
  const PACES = [[2, 250], [20, 700], [120, 2000], [Infinity, 5000]]
  // A page waits so many times as long as the last answer took: many open pages don't keep a busy server from its work.
  const PATIENCE = 10
  const asker = document.getElementById("open-rows")
  if (!asker) return

  const openRows = () => [...document.querySelectorAll(".dataset[data-open]")]
  const idOf = (row) => row.id.replace("dataset-", "")

  let known = new Set() // the open rows that were there last time
  let since = 0 // when the youngest of them came
  let asked = null // while a request is under way: what its rows showed then
  let asking = 0 // when it was begun
  let took = 0 // the milliseconds of the last one
  let timer = 0

  function plan(atLeast = 0) {
    clearTimeout(timer)
    const ids = openRows().map(idOf)
    if (ids.some((id) => !known.has(id))) since = performance.now()
    known = new Set(ids)
    if (!ids.length || asked) return
    const seconds = (performance.now() - since) / 1000
    const pace = PACES.find(([until]) => seconds < until)[1]
    timer = setTimeout(() => htmx.trigger(asker, "ask"), Math.max(pace, atLeast, PATIENCE * took))
  }

  asker.addEventListener("htmx:configRequest", ({ detail }) => {
    asking = performance.now()
    asked = new Map(openRows().map((row) => [idOf(row), row.dataset.open]))
    detail.parameters.rows = [...asked.keys()].join("-")
    detail.headers["If-None-Match"] = `"${[...asked].map(([id, stamp]) => `${id}.${stamp}`).join("-")}"`
  })
  // Whatever came of it. A server that has no time says when it will have.
  asker.addEventListener("htmx:afterRequest", ({ detail: { xhr } }) => {
    const isBusy = xhr.status === 429
    took = Math.min(performance.now() - asking, 1000)
    setTimeout(() => {
      asked = null
      plan(isBusy ? 1000 * (Number(xhr.getResponseHeader("Retry-After")) || 2) : 0)
    })
  })
  // A row that was replaced while the request was on its way is newer than the answer.
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target } = event.detail
    if (asked && target.matches(".dataset[data-open]") && asked.get(idOf(target)) !== target.dataset.open) event.detail.shouldSwap = false
  })
  // Rows come in other ways too: after a save, with a search, or when all are checked again.
  document.addEventListener("htmx:afterSettle", () => { if (openRows().some((row) => !known.has(idOf(row)))) plan() })
  plan()
})()
