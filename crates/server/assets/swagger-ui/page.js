"use strict";

// The documentation of the API whose page this is, and a box to get a token with. Nothing is asked of other servers.
const page = location.pathname.replace(/\/+$/, "");
const ui = SwaggerUIBundle({
  url: page + "/openapi.json",
  dom_id: "#swagger-ui",
  presets: [SwaggerUIBundle.presets.apis],
  deepLinking: true,
  validatorUrl: null,
});

const form = document.getElementById("login");
const said = document.getElementById("said");
const shown = document.getElementById("token");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  shown.value = "";
  said.textContent = "Signing in ...";
  const fields = new URLSearchParams({
    username: form.elements.username.value,
    password: form.elements.password.value,
    token: "true",
  });
  if (form.elements.permissions.checked) fields.set("permissions", "true");
  try {
    const answer = await fetch("/auth", { method: "POST", body: fields });
    const text = await answer.text();
    if (answer.status !== 201) {
      said.textContent = JSON.parse(text).message;
      return;
    }
    shown.value = text;
    ui.preauthorizeApiKey("token", text);
    said.textContent = "Signed in: calls on this page carry the token for four hours.";
    form.elements.password.value = "";
  } catch (error) {
    said.textContent = "The server does not answer: " + error.message;
  }
});
