// Dragging with a pointer or the arrow keys, said once for everything on the page that can be moved.
(() => {
  "use strict";
  const page = window.Img2MusicPage;
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

  /** Follows the pointer over `area`: `move(x, y)` in 0..1 from the lower left, `end()` when it is let go; also by the arrow keys,
   *  `nudge(dx, dy)` in steps, with `end` a moment after the last. */
  page.draggable = (handle, area, { move, end, nudge }) => {
    let later;
    const at = (event) => {
      const box = area.getBoundingClientRect();
      move(page.limit((event.clientX - box.left) / box.width, 0, 1), page.limit(1 - (event.clientY - box.top) / box.height, 0, 1));
    };
    const begin = (event) => {
      if (event.button) return;
      event.preventDefault();
      handle.focus({ preventScroll: true });
      area.setPointerCapture(event.pointerId);
      area.classList.add("dragged");
      at(event);
      const follow = (moved) => at(moved);
      const stop = () => {
        area.removeEventListener("pointermove", follow);
        area.removeEventListener("pointerup", stop);
        area.removeEventListener("pointercancel", stop);
        area.classList.remove("dragged");
        end();
      };
      area.addEventListener("pointermove", follow);
      area.addEventListener("pointerup", stop);
      area.addEventListener("pointercancel", stop);
    };
    area.addEventListener("pointerdown", begin);
    handle.addEventListener("keydown", (event) => {
      const step = ARROWS[event.key];
      if (!step) return;
      event.preventDefault();
      const size = event.shiftKey ? 4 : 1;
      nudge(step[0] * size, step[1] * size);
      clearTimeout(later);
      later = setTimeout(end, 700);
    });
  };
})();
