// A page that is served while its run goes on: new rows move the curves, an event has the page read anew.

function follow(app) {
  if (!document.documentElement.hasAttribute("data-live")) return;
  const source = new EventSource("events?" + new URLSearchParams({ known: document.documentElement.dataset.live }));
  source.addEventListener("metrics", (event) => {
    const { curves, end } = JSON.parse(event.data);
    if (!curves?.epoch) return;
    const { timeline } = app.data,
      last = app.time >= timeline.end;
    timeline.curves = curves;
    timeline.end = app.model.end = Math.max(timeline.end, end);
    if (last) app.goTo(timeline.end);
    paintTimeline(app);
    app.received = (app.received ?? 0) + 1;
  });
  source.addEventListener("graph", () => {
    history.replaceState(null, "", addressOf(app));
    location.reload();
  });
}
