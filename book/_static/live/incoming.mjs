/* Files that come from outside the page: dropped on a figure or pasted into the page. */

const takers = new Map(); // figure -> its function, for paste
let last = null; // the figure that was used last

/** Let a figure take files. take(file, note) gets the first of them; note says so where there are several.

    With {all}, take(files, event) gets all of them, and the event that brought them. */
export function takeFiles(figure, take, { all = false } = {}) {
  for (const name of ["dragover", "dragleave", "drop"])
    figure.addEventListener(name, (event) => {
      if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
      event.preventDefault();
      figure.classList.toggle("over", event.type === "dragover");
      if (event.type === "drop") (all ? take : first)([...event.dataTransfer.files], all ? event : "dropped", take);
    });
  for (const name of ["pointerdown", "focusin"]) figure.addEventListener(name, () => (last = figure));
  takers.set(figure, { take, all });
}

function first(files, how, take) {
  const [file] = files;
  if (file) take(file, files.length > 1 ? `You ${how} ${files.length} files; only the first, \u201c${file.name.slice(0, 60)}\u201d, is used.` : "");
}

// What is pasted goes to the figure in which the reader is, or was last, or the first one in sight.
document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])], within = event.composedPath()[0];
  if (!files.length || within.closest?.("input:not([type=radio], [type=file], [type=range]), textarea, [contenteditable]")) return;
  const here = [...takers.keys()].filter((figure) => figure.isConnected && !figure.hidden);
  const inSight = ({ top, bottom }) => bottom > 0 && top < window.innerHeight;
  const figure = here.find((one) => one === document.activeElement) ?? here.find((one) => one === last) ?? here.find((one) => inSight(one.getBoundingClientRect())) ?? here[0];
  for (const gone of takers.keys()) if (!gone.isConnected) takers.delete(gone);
  if (!figure) return;
  event.preventDefault();
  const { take, all } = takers.get(figure);
  if (all) take(files, event);
  else first(files, "pasted", take);
});
