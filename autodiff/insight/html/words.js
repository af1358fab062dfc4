/* words.js -- formulas, names and numbers as elements of the page. Names are anybody's text: they enter as text, never as
 * markup. */
const SVG = "http://www.w3.org/2000/svg";

/* An element with attributes and children; on... is a listener. */
function el(tag, attributes, ...children)
{
    return filled(document.createElement(tag), attributes, children);
}

function svg(tag, attributes, ...children)
{
    return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children)
{
    for (const [name, value] of Object.entries(attributes || {}))
        if (name.startsWith("on"))
            element.addEventListener(name.slice(2), value);
        else if (value === true || value === false)
            element.toggleAttribute(name, value);
        else if (value !== null && value !== undefined)
            element.setAttribute(name, value);
    element.append(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false));
    return element;
}

const by_id = (id) => document.getElementById(id);

/* W13 with its digits as a subscript; what is read and copied stays the name. */
function name_parts(name)
{
    const m = /^([A-Za-z]+)(\d{1,4})$/.exec(name);
    return m ? [m[1], m[2]] : [name, ""];
}

function name_element(name)
{
    const [head, sub] = name_parts(name);
    return el("var", {}, head, sub && el("sub", {}, sub));
}

function derivative_element(of, by)
{
    return [el("var", {}, "d"), name_element(of), "/", el("var", {}, "d"), name_element(by)];
}

const SIGNS = [["<=", "≤"], [">=", "≥"], ["!=", "≠"], ["==", "="], ["*", " · "], ["-", "−"], ["^2", "²"], ["^3", "³"]];

/* The signs of a formula as they are printed. */
function signs(text)
{
    text = text.replace(/(\d)e-(\d)/g, "$1e−$2");
    for (const [plain, printed] of SIGNS)
        text = plain[0] !== "^" ? text.replaceAll(plain, printed)
            : text.replace(new RegExp("\\" + plain + "(?![\\d.])", "g"), printed);
    return text;
}

/* Whether a part of a formula would be torn apart by a product: a sum, a choice, a comparison outside brackets. */
function is_loose(tokens)
{
    let depth = 0;
    for (const token of tokens)
        for (const m of typeof token === "string" ? token.matchAll(/[()]| [-+?:<>=!]=? /g) : [])
            if (m[0] === "(" || m[0] === ")")
                depth += m[0] === "(" ? 1 : -1;
            else if (depth === 0)
                return true;
    return false;
}

const starts_negative = (tokens) => typeof tokens[0] === "string" && tokens[0].startsWith("-");

/* A formula by names; with values, by numbers: value(step) is what a step has. */
function formula_elements(tokens, show, value)
{
    return tokens.map((token, k) => {
        if (typeof token === "string")
            return signs(token);
        if (!value)
            return show.name(token);
        const before = typeof tokens[k - 1] === "string" ? tokens[k - 1].trimEnd().slice(-1) : "";
        const after = typeof tokens[k + 1] === "string" ? tokens[k + 1][0] : "";
        return number_element(value(token), show.digits, "+-*/^<>=".includes(before || "(") || after === "^");
    });
}

function number_element(x, digits, may_need_brackets)
{
    const text = chainrule.number_text(x, digits);
    const brackets = may_need_brackets && text.startsWith("−");
    return el("span", {class: "number"}, brackets ? "(" + text + ")" : text);
}

/* Factors with dots between; each {parts, loose, negative, is_one}. Behind a plus, a minus stands in brackets. */
function product_elements(factors, behind_plus)
{
    const kept = factors.filter((f) => !f.is_one);
    if (!kept.length)
        return ["1"];
    return kept.map((f, k) => {
        const bracketed = (kept.length > 1 && f.loose) || ((k > 0 || behind_plus) && f.negative);
        return [k ? " · " : "", bracketed ? "(" : "", f.parts, bracketed ? ")" : ""];
    });
}

const one_line = (...parts) => el("p", {class: "line"}, parts);

const plural = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
