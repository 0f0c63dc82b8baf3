import { TimelineValueAlignment, VisibilityMode } from "@grafana/grafana-foundation-sdk/common";
import { FieldColorBuilder, FieldColorModeId } from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder as StateTimelinePanelBuilder } from "@grafana/grafana-foundation-sdk/statetimeline";

import { describePanel, legend, tooltip, type AnyPanel, type DataPanelOptions } from "./panels";

/**
 * A lane for each table, with a bar from its first time to its second. The lanes have the names of a label.
 *
 * @param options.lane the label, for example of `tableFor("task")`
 */
export function stateTimeline(
  title: string,
  options: DataPanelOptions & { readonly lane: string },
): AnyPanel {
  return describePanel(new StateTimelinePanelBuilder(), title, options, "table")
    .displayName(`\${__field.labels.${options.lane}}`)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .showValue(VisibilityMode.Auto)
    .alignValue(TimelineValueAlignment.Center)
    .mergeValues(false)
    .rowHeight(0.8)
    .fillOpacity(80)
    .lineWidth(0)
    .legend(legend)
    .tooltip(tooltip());
}
