// On as soon as every application's page has loaded in its frame, or after three seconds; without JavaScript by the link.
const onward = document.getElementById("onward").href;
const leave = () => window.location.replace(onward);
const frames = [...document.querySelectorAll("iframe")];
const loaded = frames.map((frame) => new Promise((done) => frame.addEventListener("load", done)));
window.setTimeout(leave, 3000);
Promise.all(loaded).then(leave);
