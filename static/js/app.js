// What HTML and htmx can't do by themselves: the dialog, copying, toasts.
// No framework, no inline handlers (the CSP forbids them); events are delegated, so swapped content just works.
//
//   data-dialog-close        on a link or button: inside the dialog it closes it, elsewhere it is a plain link
//   data-guard               on a form: ask before its edits are thrown away
//   data-secret              on an input: typed text survives a re-rendered form that says data-keep-typed
//   data-keep-typed          on a form: put back what was typed into its data-secret inputs
//   data-carries="path …"    on a form with data-family: inputs whose text goes along to another form of the same family
//   data-copy="#id"          on a button: copy that element's text
//   data-result              on what came of a save, in the dialog: it gets the focus
//   data-announce="text"     on swapped content: say it to screen readers, unless it lies under an open dialog
//   data-fleeting            on a toast: it leaves by itself;  data-dismiss: closes its toast
//   data-search              on an input: "/" focuses it
//   data-passkey             only where passkeys work;  data-no-passkeys: only where they don't
//   data-login-url           on the body: an htmx request that ends there means the session is over
//   data-while-visible       on what refreshes itself: not while the tab is hidden
//   dialogClosed             the event that follows, on the body: rows may refresh with hx-trigger="dialogClosed from:body"
//   closeDialog              an event (HX-Trigger: closeDialog) that closes the dialog without asking
(() => {
  "use strict"
  const dialog = document.getElementById("dialog")
  const overlay = document.getElementById("overlay")
  // Sentences in the page's language stand in base.html.
  const said = document.getElementById("words").dataset
  const announcer = document.getElementById("announcer")
  const closest = (event, selector) => event.target instanceof Element ? event.target.closest(selector) : null
  const copyOf = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true)
  const on = (type, listener, options) => document.addEventListener(type, listener, options)

  // ---- Words for screen readers, toasts ----

  let unsaid = []

  function announce(text) {
    // Emptied first, as the same sentence twice must be heard twice; collected, as bulbs often finish together.
    unsaid.push(text)
    announcer.textContent = ""
    setTimeout(() => {
      if (unsaid.length) announcer.textContent = unsaid.join(" ")
      unsaid = []
    }, 150)
  }

  function toast(text) {
    const element = copyOf("toast-template")
    element.querySelector("p").textContent = text
    document.getElementById("toasts").replaceChildren(element)
  }

  function letLeave(element) {
    const wait = () => setTimeout(() => element.matches(":hover, :focus-within") ? wait() : element.remove(), 7000)
    wait()
  }

  document.querySelectorAll("[data-fleeting]").forEach(letLeave)
  on("click", (event) => { if (closest(event, "[data-print]")) window.print() })
  on("click", (event) => closest(event, "[data-dismiss]")?.closest(".toast").remove())

  // A poll that fails is silent: the next one tells. One for which the server had no time asks again when it was told to.
  // What loads when it comes into view was asked for by nobody.
  const asked = (event) => ![undefined, "intersect", "ask"].includes(event.detail.requestConfig?.triggeringEvent?.type)
  const askAgain = (element) => {
    const url = element.getAttribute("hx-get")
    if (url && element.isConnected && element.getAttribute("hx-swap") !== "none") htmx.ajax("GET", url, { source: element, target: element, swap: "outerHTML" })
  }
  on("htmx:responseError", (event) => {
    const { elt, xhr } = event.detail
    const status = xhr.status
    if (!asked(event)) {
      if (status === 429) setTimeout(() => askAgain(elt), 1000 * (Number(xhr.getResponseHeader("Retry-After")) || 2))
      return
    }
    if (status === 403) toast(said.refused)
    else if (status === 404) toast(said.gone)
    else toast(said.failed.replace("{status}", status))
  })
  on("htmx:sendError", (event) => asked(event) && toast(said.unreachable))
  on("htmx:timeout", (event) => asked(event) && toast(said.late))

  // ---- Parts that refresh themselves rest while nobody looks; hx-trigger="visibilitychange" then catches up ----

  on("htmx:beforeRequest", (event) => {
    if (document.hidden && event.detail.elt.matches("[data-while-visible]")) event.preventDefault()
  })

  // ---- Unsaved edits ----

  let edited = null // the guarded form that has unsaved edits

  const hasEdits = () => edited !== null && edited.isConnected
  on("input", (event) => {
    edited = closest(event, "[data-guard]") ?? edited
    edited?.toggleAttribute("data-edited", true)
  })
  on("submit", (event) => { if (event.target === edited && !edited.matches("[hx-post], [hx-put], [hx-patch]")) edited = null })
  addEventListener("beforeunload", (event) => { if (hasEdits()) event.preventDefault() })

  // Saved: said before the answer is used, as the answer may be a redirect.
  on("htmx:beforeOnLoad", (event) => {
    const { elt, xhr } = event.detail
    if (xhr.status < 400 && edited !== null && (elt.form ?? elt.closest("form")) === edited) edited = null
  })

  // Does it at once, or after a second step if that would throw edits away.
  function whenSafe(proceed) {
    if (!hasEdits()) return proceed()
    const root = edited.closest(".settings") ?? edited
    root.querySelector(".unsaved")?.remove()
    const question = copyOf("unsaved-template")
    const back = document.activeElement
    question.addEventListener("click", (event) => {
      if (closest(event, "[data-discard]")) { question.remove(); edited.reset(); edited = null; proceed() }
      if (closest(event, "[data-keep]")) { question.remove(); back?.focus() }
    })
    question.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { event.preventDefault(); question.querySelector("[data-keep]").click() }
    })
    root.append(question)
    question.querySelector("[data-keep]").focus()
  }

  const isTyped = (field) => {
    if (field.matches("select")) return [...field.options].some((option) => option.selected !== option.defaultSelected)
    if (field.matches("[type=checkbox], [type=radio]")) return field.checked !== field.defaultChecked
    return field.matches("input, textarea") && field.value !== field.defaultValue
  }
  const carried = (form) => (form.dataset.carries ?? "").split(" ").map((name) => form.elements[name]).filter((input) => input)

  // Whether the link leads to a form that takes over everything typed so far.
  function carriesAll(link) {
    if (!link.dataset.family || link.dataset.family !== edited.dataset.family) return false
    const stay = carried(edited)
    return [...edited.elements].every((input) => stay.includes(input) || input.type === "hidden" || !isTyped(input))
  }

  // Leaving the form by a link of the dialog that htmx follows: another tab, another provider.
  on("htmx:confirm", (event) => {
    const link = event.detail.elt.closest("a[hx-get]")
    if (!link || !hasEdits() || !edited.closest(".settings")?.contains(link) || carriesAll(link)) return
    event.preventDefault()
    whenSafe(() => event.detail.issueRequest(true))
  })

  // ---- The dialog. The address stays that of the page underneath ----

  // Requests whose answer belongs into the dialog. An answer that comes after the dialog was closed must not open it again.
  const awaited = new Set()
  on("htmx:beforeSend", (event) => { if (event.detail.target === dialog) awaited.add(event.detail.xhr) })
  on("htmx:afterRequest", (event) => awaited.delete(event.detail.xhr))

  let opener = null // what had the focus when the dialog opened, and gets it back

  function open() {
    if (!dialog.open) {
      opener = document.activeElement
      dialog.showModal()
    }
    dialog.append(overlay)
  }

  function close() {
    edited = null
    awaited.clear() // now, as the close event comes a moment later, perhaps after an answer
    dialog.close()
  }

  dialog.addEventListener("close", () => {
    document.body.append(overlay)
    dialog.replaceChildren()
    // A row that was checked meanwhile is another element now, with the same ids.
    const back = opener?.isConnected ? opener : document.getElementById(opener?.id)
    if (back && back !== document.body) back.focus()
    else document.getElementById("main").focus()
    htmx.trigger(document.body, "dialogClosed")
  })
  dialog.addEventListener("cancel", (event) => {
    if (event.target !== dialog) return // a file chooser inside also says "cancel"
    if (!hasEdits()) return awaited.clear()
    event.preventDefault()
    whenSafe(close)
  })
  // Browsers let a page refuse Escape only once in a row; the key itself can be refused always.
  on("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing || event.defaultPrevented || !dialog.open || !hasEdits()) return
    if (dialog.querySelector(":popover-open")) return // that closes first
    event.preventDefault()
    whenSafe(close)
  })
  on("closeDialog", close)
  on("click", (event) => {
    const way = closest(event, "[data-dialog-close], a[href]:not([hx-get], [target])")
    if (!dialog.contains(way)) return
    const leaves = !way.matches("[data-dialog-close]")
    if (leaves && (!hasEdits() || event.ctrlKey || event.metaKey || event.shiftKey)) return
    event.preventDefault()
    whenSafe(leaves ? () => location.assign(way.href) : close)
  })
  // Only a press that also began on the backdrop: selecting text must not close the dialog.
  let pressed = null
  on("pointerdown", (event) => { pressed = event.target })
  dialog.addEventListener("click", (event) => {
    const box = dialog.getBoundingClientRect()
    const outside = event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom
    if (event.target === dialog && pressed === dialog && outside) whenSafe(close)
  })

  // ---- Around a swap ----

  // What a request would change may have been replaced while it was on its way: two refresh the same row. Its answer is
  // the older one then, and the parts of the page that come with it would look for their places in the row's remains.
  const watched = { target: new WeakSet(), asker: new WeakSet() }
  const watch = (kind, element, name, act) => {
    if (watched[kind].has(element)) return
    watched[kind].add(element)
    // On the element itself, as events don't leave what is no longer in the page.
    element.addEventListener(name, act)
  }
  on("htmx:beforeSend", ({ detail: { elt, target } }) => {
    watch("target", target, "htmx:beforeSwap", (event) => { if (!target.isConnected) event.detail.shouldSwap = false })
    // An answer that names its own place comes too late as well if who asked stood in it and was replaced with it.
    watch("asker", elt, "htmx:beforeOnLoad", (event) => {
      const place = event.detail.xhr.getResponseHeader("HX-Retarget")
      if (place && !elt.getRootNode().querySelector(place)) event.preventDefault()
    })
  })

  let typed = new Map() // what stood in the secret inputs, by name
  let brought = { family: "", texts: new Map() } // what a form of the same family takes over

  on("htmx:beforeSwap", (event) => {
    const { target, xhr } = event.detail
    const path = xhr.responseURL && new URL(xhr.responseURL).pathname
    if (path && path === document.body.dataset.loginUrl && location.pathname !== path) {
      event.detail.shouldSwap = false
      edited = null
      location.reload()
      return
    }
    if (target === dialog && !awaited.has(xhr)) {
      event.detail.shouldSwap = false
      return
    }
    typed = new Map()
    for (const input of target.querySelectorAll("[data-secret]")) typed.set(input.name, { text: input.value, files: input.files })
    const form = target.querySelector("[data-carries]")
    brought = { family: form?.dataset.family, texts: new Map(form ? carried(form).filter(isTyped).map(({ name, value }) => [name, value]) : []) }
    if (target === dialog) document.body.append(overlay)
  })

  on("htmx:afterSwap", (event) => {
    const { target, xhr } = event.detail
    if (target === dialog && dialog.querySelector(":scope > :not(#overlay)")) open()
    if (edited && !edited.isConnected) edited = null
    for (const form of document.querySelectorAll("[data-keep-typed]")) {
      let kept = false
      for (const input of form.querySelectorAll("[data-secret]")) {
        const before = typed.get(input.name)
        if (before?.files) input.files = before.files
        else if (before?.text) input.value = before.text
        kept ||= Boolean(before?.files?.length || before?.text)
      }
      if (form.matches("[data-guard]") && (kept || xhr?.status === 422)) edited = form
    }
    typed.clear()
    if (event.detail.requestConfig?.verb === "get") takeOver()
  })
  function takeOver() {
    const form = brought.texts.size ? document.querySelector(`[data-carries][data-family="${CSS.escape(brought.family)}"]`) : null
    for (const input of form ? carried(form) : []) {
      if (!brought.texts.has(input.name)) continue
      input.value = brought.texts.get(input.name)
      input.dispatchEvent(new Event("input", { bubbles: true }))
    }
    brought.texts.clear()
  }

  const refused = (root) => root.querySelector("[aria-invalid=true]")

  // After a swap: on the first wrong field of a form that was refused; on what came of a save; at the beginning of a form.
  function settleFocus(target, xhr) {
    if (xhr?.status === 422) return refused(target)?.focus()
    if (target !== dialog) return
    const result = dialog.querySelector("[data-result]")
    if (result) return result.focus()
    // Not where a field calls up a keyboard that covers half of the screen.
    if (matchMedia("(hover: none)").matches) return
    const first = dialog.querySelector(".settings__main form :is(input:not([type=hidden], [type=file]), select, textarea):enabled")
    const chosen = first?.type === "radio" && [...first.form.elements[first.name]].find((radio) => radio.checked)
    ;(chosen || first)?.focus()
  }

  // Only then, as htmx looks for autofocus just before.
  on("htmx:afterSettle", (event) => settleFocus(event.detail.target, event.detail.xhr))
  on("DOMContentLoaded", () => refused(document.getElementById("main"))?.focus())
  on("htmx:load", (event) => {
    const element = event.detail.elt
    if (element === document.body) return
    const parts = [element, ...element.querySelectorAll("[data-announce]")]
    const heard = !dialog.open || dialog.contains(element)
    for (const { dataset } of parts) if (heard && dataset?.announce) announce(dataset.announce)
    for (const part of [element, ...element.querySelectorAll("[data-fleeting]")]) if (part.matches("[data-fleeting]")) letLeave(part)
  })

  // ---- Copy ----

  async function copy(source) {
    const text = (source.value ?? source.textContent).trim()
    if (navigator.clipboard) return navigator.clipboard.writeText(text)
    // Plain http on another host than localhost has no clipboard; copying a selection works everywhere.
    getSelection().selectAllChildren(source)
    if (!document.execCommand("copy")) throw new Error("The browser refused to copy.")
    getSelection().removeAllRanges()
  }

  on("click", (event) => {
    const button = closest(event, "[data-copy]")
    if (!button) return
    const label = button.querySelector("span") ?? button
    button.dataset.label ??= label.textContent
    const say = (text) => {
      label.textContent = text
      announce(text)
      setTimeout(() => { label.textContent = button.dataset.label }, 2000)
    }
    copy(document.querySelector(button.dataset.copy)).then(() => say(said.copied), () => say(said.pressToCopy))
  })

  // ---- Passkeys ----

  // Browsers want a secure page and a host with a name: an address of numbers can't own a passkey.
  const named = !/^(\d+\.){3}\d+$|:/.test(location.hostname.replace(/[[\]]/g, ""))
  if (!(window.PublicKeyCredential && isSecureContext && named)) {
    document.querySelectorAll("[data-no-passkeys]").forEach((element) => { element.hidden = false })
    document.querySelectorAll("[data-passkey]").forEach((element) => { element.hidden = true })
  }
  on("allauth.error", (event) => {
    event.preventDefault()
    const refused = event.detail.exception?.name === "NotAllowedError"
    toast(refused ? said.nothingChosen : said.passkeyFailed)
  })

  // ---- Search ----

  on("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || dialog.open) return
    if (closest(event, "input, textarea, select, [contenteditable]")) return
    const search = document.querySelector("[data-search]")
    if (search) { event.preventDefault(); search.focus(); search.select() }
  })
})()
