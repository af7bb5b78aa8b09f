// A photograph from the camera, in a small dialog; where the browser has no camera for us, the system's own file dialog asks for one.
(() => {
  "use strict";
  const page = window.Img2MusicPage;
  const { h, text } = page;

  const byFileDialog = (take) => {
    const input = h("input", { type: "file", accept: "image/*", capture: "environment" });
    input.addEventListener("change", () => take(input.files[0]));
    input.click();
  };

  page.openCamera = async (take) => {
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1920 } } });
    } catch {
      byFileDialog(take);
      return;
    }
    const video = h("video", { autoplay: true, playsinline: true, muted: true });
    video.muted = true;
    video.srcObject = stream;
    const close = () => { stream.getTracks().forEach((track) => track.stop()); dialog.close(); dialog.remove(); };
    const shoot = () => {
      const canvas = h("canvas", { width: video.videoWidth, height: video.videoHeight });
      canvas.getContext("2d").drawImage(video, 0, 0);
      canvas.toBlob((blob) => { close(); if (blob) take(new File([blob], "camera.jpg", { type: "image/jpeg" })); }, "image/jpeg", 0.92);
    };
    const dialog = h(
      "dialog",
      { class: "camera", "aria-label": text("picture.camera") },
      video,
      h("div", { class: "line-up" }, h("button", { type: "button", class: "act", onclick: shoot }, text("picture.shoot")), h("button", { type: "button", class: "plain", onclick: close }, text("picture.close"))),
    );
    dialog.addEventListener("cancel", (event) => { event.preventDefault(); close(); });
    document.querySelector(".gradio-container").append(dialog);
    dialog.showModal();
  };
})();
