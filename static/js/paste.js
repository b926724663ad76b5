// What is pasted into a form that says data-paste="#part" goes to the server, which knows what it is, and answers the part
// anew with each value in its own field. Secrets don't come back: data-pasted tells where in the pasted text they stand.
// Without this file the server understands the same text when the form is sent.
(() => {
  "use strict"
  let filling = Promise.resolve() // one paste after the other: htmx says of a second request at once that it is done

  document.addEventListener("paste", (event) => {
    const field = event.target
    const form = field instanceof Element && field.closest("form[data-paste]")
    const pasted = (event.clipboardData?.getData("text/plain") ?? "").replace(/\r\n?/g, "\n") // the places are counted in this
    // Who pastes into the middle of a value is writing one.
    if (!form || !pasted.trim() || !field.name || field.selectionEnd - field.selectionStart < field.value.length) return
    const next = () => form.isConnected && fill(form, field.name, pasted)
    filling = filling.then(next, next)
  })

  async function fill(form, into, pasted) {
    const part = form.dataset.paste
    const url = form.getAttribute("action") + (form.closest("#dialog") ? "?dialog=1" : "")
    await htmx.ajax("POST", url, { source: form, target: part, select: part, swap: "outerHTML", values: { pasted, pasted_into: into } })
    const filled = document.querySelector(`${part} form[data-paste]`)
    if (!filled || form.isConnected) return // an ordinary value
    for (const [name, place] of Object.entries(JSON.parse(filled.dataset.pasted ?? "{}"))) {
      const secret = filled.elements[name]
      if (secret) secret.value = place ? pasted.slice(...place) : ""
    }
    filled.dispatchEvent(new Event("input", { bubbles: true })) // it has unsaved edits
  }
})()
