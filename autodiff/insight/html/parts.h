/* parts.h -- the page of explain_html.c around its data: page.html with the style and the scripts of this folder, cut where
 * title, model and rules go. Made by parts.py while the library is built. Not installed. */
#ifndef AUTODIFF_INSIGHT_HTML_PARTS_H
#define AUTODIFF_INSIGHT_HTML_PARTS_H

/* Texts in pieces; each list ends with NULL. */
extern const char *const ad_html_before_title[], *const ad_html_before_model[], *const ad_html_before_rules[],
    *const ad_html_to_the_end[];

#endif
