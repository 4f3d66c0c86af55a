// In place of react-style-singleton, which puts rules into a <style> element: the policy of the
// pages forbids those, but not a sheet that a script makes (CSSOM, constructable stylesheets).
import { useEffect } from "react";

export function stylesheetSingleton() {
  const sheet = new CSSStyleSheet();
  let users = 0;
  return {
    add(rules) {
      if (users++ > 0) return;
      sheet.replaceSync(rules);
      document.adoptedStyleSheets.push(sheet);
    },
    remove() {
      if (--users > 0) return;
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((each) => each !== sheet);
    },
  };
}

export function styleHookSingleton() {
  const sheet = stylesheetSingleton();
  return (rules, dynamic) => {
    useEffect(() => {
      sheet.add(rules);
      return () => sheet.remove();
    }, [rules && dynamic]);
  };
}

export function styleSingleton() {
  const useRules = styleHookSingleton();
  return function Rules({ styles, dynamic }) {
    useRules(styles, dynamic);
    return null;
  };
}
