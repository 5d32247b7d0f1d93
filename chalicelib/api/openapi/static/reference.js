// Draws the reference from openapi.json. Everything is set as text, never as HTML.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];
const MOST_LEVELS = 6;

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function resolve(api, schema) {
  const place = schema && schema.$ref;
  return place ? api.components.schemas[place.split("/").pop()] : schema || {};
}

function typeOf(api, raw) {
  const schema = resolve(api, raw);
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(" | ");
  const choices = schema.anyOf || schema.oneOf;
  if (choices) return [...new Set(choices.map((one) => typeOf(api, one)))].join(" | ");
  if (schema.type === "array") return `list of ${typeOf(api, schema.items)}`;
  const limits = [
    schema.format,
    "minimum" in schema ? `≥ ${schema.minimum}` : "",
    "maximum" in schema ? `≤ ${schema.maximum}` : "",
    "minLength" in schema ? `${schema.minLength}+ characters` : "",
    "maxLength" in schema ? `≤ ${schema.maxLength} characters` : "",
    "maxItems" in schema ? `≤ ${schema.maxItems} items` : "",
    schema.pattern ? `matches ${schema.pattern}` : "",
  ].filter(Boolean);
  return [schema.type || "any", ...limits].join(", ");
}

function inner(api, raw) {
  const schema = resolve(api, raw);
  if (schema.properties) return schema;
  if (schema.type === "array") return inner(api, schema.items);
  for (const one of schema.anyOf || []) {
    const found = inner(api, one);
    if (found) return found;
  }
  return null;
}

function rows(api, raw, level = 0) {
  const schema = inner(api, raw);
  if (!schema || level > MOST_LEVELS) return [];
  const required = new Set(schema.required || []);
  return Object.entries(schema.properties).flatMap(([name, field]) => {
    const label = make("code", required.has(name) ? { class: "required" } : {}, name);
    const first = make("td", { class: "indent" }, label);
    first.style.setProperty("--level", level);
    const told = resolve(api, field).description || "";
    const row = make("tr", {}, first, make("td", { class: "type" }, typeOf(api, field)), make("td", {}, told.split("\n")[0]));
    return [row, ...rows(api, field, level + 1)];
  });
}

function table(api, schema) {
  const found = rows(api, schema);
  return found.length ? [make("table", {}, ...found)] : [];
}

function example(content) {
  return content && content.example !== undefined ? [make("pre", {}, JSON.stringify(content.example, null, 2))] : [];
}

function parameters(api, list) {
  if (!list.length) return [];
  const lines = list.map((one) =>
    make(
      "tr", {},
      make("td", {}, make("code", one.required ? { class: "required" } : {}, one.name)),
      make("td", { class: "type" }, `${one.in}: ${typeOf(api, one.schema)}`),
      make("td", {}, one.description || ""),
    ));
  return [make("h3", {}, "Parameters"), make("table", {}, ...lines)];
}

function requestBody(api, body) {
  const content = body && body.content["application/json"];
  if (!content || !inner(api, content.schema)) return [];
  return [make("h3", {}, "Body"), ...table(api, content.schema), ...example(content)];
}

function answers(api, responses) {
  return Object.entries(responses).flatMap(([status, answer]) => {
    const content = answer.content && answer.content["application/json"];
    if (status >= "300") return [];
    return [make("h3", {}, `Answer ${status}`), ...(content ? [...table(api, content.schema), ...example(content)] : [])];
  });
}

function errors(responses) {
  const lines = Object.entries(responses)
    .filter(([status]) => status >= "400")
    .map(([status, answer]) => make("tr", {}, make("td", {}, make("code", {}, status)), make("td", {}, plain(answer.description))));
  return lines.length ? [make("h3", {}, "Errors"), make("table", {}, ...lines)] : [];
}

function call(api, path, method, shared, operation) {
  const summary = make(
    "summary", {},
    make("span", { class: `method ${method}` }, method.toUpperCase()),
    make("code", {}, path.replace("/client/v4/accounts/{account_id}/realtime/kit", "…/kit")),
    ...(operation["x-parley-extension"] ? [make("span", { class: "mark" }, "extension")] : []),
    make("span", { class: "what" }, operation.summary),
  );
  const details = make("details", { id: operation.operationId }, summary);
  details.dataset.words = `${method} ${path} ${operation.summary} ${operation.tags.join(" ")}`.toLowerCase();
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) {
      details.append(make(
        "div", { class: "body" },
        make("h3", {}, "Address"), make("pre", {}, `${method.toUpperCase()} ${path}`),
        ...parameters(api, [...shared, ...(operation.parameters || [])]),
        ...requestBody(api, operation.requestBody),
        ...answers(api, operation.responses),
        ...errors(operation.responses),
      ));
    }
  });
  return details;
}

function plain(markdown) {
  return markdown.replaceAll("**", "").replaceAll("`", "").replaceAll(/([^\n])\n(?=[^\n])/g, "$1 ");
}

function draw(api) {
  const main = document.getElementById("main");
  document.getElementById("version").textContent = api.info.version;
  main.replaceChildren(make("p", { class: "lead" }, plain(api.info.description)));
  for (const { name } of api.tags) {
    const id = `group-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}`;
    const section = make("section", {}, make("h2", { id }, name));
    for (const [path, calls] of Object.entries(api.paths)) {
      for (const method of METHODS) {
        if (calls[method] && calls[method].tags[0] === name) {
          section.append(call(api, path, method, calls.parameters || [], calls[method]));
        }
      }
    }
    main.append(section);
    document.getElementById("contents").append(make("a", { href: `#${id}` }, name));
  }
  openNamed();
}

function openNamed() {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named instanceof HTMLDetailsElement) named.open = true;
  if (named) named.scrollIntoView();
}

function filter(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  for (const section of document.querySelectorAll("main section")) {
    let shown = 0;
    for (const details of section.querySelectorAll("details")) {
      details.hidden = !words.every((word) => details.dataset.words.includes(word));
      shown += details.hidden ? 0 : 1;
    }
    section.hidden = shown === 0;
  }
}

document.getElementById("filter").addEventListener("input", (event) => filter(event.target.value));
window.addEventListener("hashchange", openNamed);
fetch("openapi.json")
  .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(`status ${answer.status}`))))
  .then(draw)
  .catch((error) => { document.getElementById("loading").textContent = `The description cannot be read: ${error.message}`; });
