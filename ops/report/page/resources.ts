import { type Report } from "../data";
import { type Drawing } from "../graph";
import { type ReportResource } from "../resources";
import { figure } from "./figure";
import { type Html, html } from "./html";
import { type Names } from "./names";
import { counted, section } from "./parts";

/** What the stack is made of, drawn, and in words. */
export function resourcesSection(report: Report, drawings: readonly Drawing[], names: Names): Html {
    const components = new Set(report.resources.flatMap(({ component }) => component?.urn ?? [])).size;
    const lead =
        report.resources.length === 0
            ? "The stack has no resources: it is not deployed."
            : `${counted(report.resources.length, "resource")} in ${counted(components, "component")}, by the engine's state. An arrow leads from a resource to what needs it; what another arrow implies is left out. Select a resource to see its particulars.`;
    return section(
        "resources",
        "Resources",
        lead,
        html`${names.kinds.length === 0 ? "" : legend(names)}
            <svg class="definitions" aria-hidden="true" width="0" height="0">
                <defs>
                    <marker
                        id="tip"
                        viewBox="0 0 8 8"
                        refX="7"
                        refY="4"
                        markerWidth="7"
                        markerHeight="7"
                        orient="auto-start-reverse"
                    >
                        <path d="M0,0.8L7.4,4L0,7.2z" />
                    </marker>
                </defs>
            </svg>
            ${drawings.map((drawing) => group(drawing, report, names))}`,
    );
}

function legend({ kinds }: Names): Html {
    return html`<ul class="legend" aria-label="Colours of the components">
        ${kinds.map(({ title, tone }) => html`<li class="${tone}"><span class="swatch"></span>${title}</li>`)}
        <li class="tone-none"><span class="swatch"></span>of no component</li>
    </ul>`;
}

function group(drawing: Drawing, { resources }: Report, names: Names): Html {
    const own = resources.filter(({ service }) => drawing.services.includes(service));
    return html`<section class="card-block">
        <h3>
            ${drawing.services.map((service) => service ?? "Of no service").join(", ")}
            <span class="count">${counted(own.length, "resource")}</span>
        </h3>
        ${figure(drawing, names)}
        <details class="all">
            <summary>List of all resources</summary>
            ${own.map((resource) => particulars(resource, names))}
        </details>
    </section>`;
}

function particulars(resource: ReportResource, names: Names): Html {
    const { urn, name, title, type, physicalName, arn, component, dependsOn, neededBy, properties } = resource;
    return html`<details class="item ${names.toneOf(resource)}" id="${names.idOf(urn)}">
        <summary><b>${name}</b> <span class="muted">${title}</span></summary>
        <div class="particulars">
            <dl>
                <dt>Type</dt>
                <dd><code>${type}</code></dd>
                ${
                    physicalName
                        ? html`<dt>Physical name</dt>
                              <dd><code>${physicalName}</code></dd>`
                        : ""
                }
                ${
                    arn
                        ? html`<dt>ARN</dt>
                              <dd><code>${arn}</code></dd>`
                        : ""
                }
                ${
                    component
                        ? html`<dt>Component</dt>
                              <dd>${component.title} <code>${component.name}</code></dd>`
                        : ""
                }
                ${
                    resource.protected
                        ? html`<dt>Protection</dt>
                              <dd>destroying it is refused</dd>`
                        : ""
                }
                <dt>Depends on</dt>
                <dd>${links(dependsOn, names)}</dd>
                <dt>Needed by</dt>
                <dd>${links(neededBy, names)}</dd>
            </dl>
            ${
                properties.length === 0
                    ? ""
                    : html`<p class="subhead">Declared</p>
                          <dl class="properties">
                              ${properties.map(
                                  ({ name: key, value }) =>
                                      html`<dt>${key}</dt>
                                          <dd>
                                              ${value.includes("\n") ? html`<pre>${value}</pre>` : html`<code>${value}</code>`}
                                          </dd>`,
                              )}
                          </dl>`
            }
        </div>
    </details>`;
}

function links(urns: readonly string[], names: Names): Html {
    if (urns.length === 0) return html`<span class="muted">nothing</span>`;
    return html`<ul class="links">
        ${urns.map(
            (urn) =>
                html`<li>
                    <a href="#${names.idOf(urn)}" data-show="${names.idOf(urn)}">${names.resourceOf(urn).name}</a>
                </li>`,
        )}
    </ul>`;
}
