import type { GrafanaTheme2 } from "@grafana/data";

/** No text is below 12 px; colours are Grafana's. */
export function styleSheet({ colors, isDark }: GrafanaTheme2): string {
  const mark = isDark ? "color:#111;background:#f2cc0c" : "color:#111;background:#fade2a";
  return `
*{box-sizing:border-box}
body{margin:0;padding:12px 16px;background:${colors.background.canvas};color:${colors.text.primary};font:14px/1.4 Inter,"DejaVu Sans",Arial,sans-serif}
a{color:${colors.text.link}}
header{display:flex;gap:16px;align-items:baseline;flex-wrap:wrap}h1{font-size:20px;margin:0}header p{margin:0;color:${colors.text.secondary}}
header .mark{margin-left:auto;${mark};padding:2px 8px;font-weight:bold;border-radius:2px}
nav,form{margin:8px 0;display:flex;gap:8px 14px;flex-wrap:wrap;align-items:center}
form label,summary{color:${colors.text.secondary}}summary{cursor:pointer}summary b{color:${colors.text.primary};font-weight:normal}
select,input,button,summary{font:inherit;color:${colors.text.primary};background:${colors.background.secondary};border:1px solid ${colors.border.medium};border-radius:2px;padding:3px 8px}
details{position:relative}form div,.links div{position:absolute;z-index:5;background:${colors.background.elevated};border:1px solid ${colors.border.medium};padding:8px;display:flex;flex-direction:column;min-width:100%}
details label{white-space:nowrap}
main{display:grid;grid-template-columns:repeat(24,minmax(0,1fr));gap:8px}
h2{font-size:15px;margin:0;align-self:end}
section{position:relative;display:flex;flex-direction:column;overflow:hidden;background:${colors.background.primary};border:1px solid ${colors.border.weak};border-radius:3px;padding:4px 8px}
.theme{margin-left:auto}
.links{position:absolute;top:3px;right:8px;font-size:12px;background:${colors.background.primary};padding-left:8px;max-width:48%}a.links,.links summary{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}.links summary{border:0;padding:0;background:none;color:${colors.text.link}}.links div{right:0;max-height:200px;overflow:auto}.links div a{white-space:nowrap}
h3{font-size:13px;margin:0 0 4px;flex:none;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.chart,.scroll,.tiles{flex:1;min-height:0}.scroll{overflow:auto}
.tiles{display:flex;gap:6px}.tile{flex:1;min-width:0;container-type:inline-size;display:flex;flex-direction:column;align-items:center;justify-content:center;border-radius:3px;text-align:center;overflow:hidden}
a.tile{text-decoration:none}.tile b{font-size:clamp(14px,calc(150cqw / var(--length)),34px);line-height:1.15}.tile span{color:${colors.text.secondary};font-size:12px}
table{border-collapse:collapse;width:100%;font-size:13px}
th{position:sticky;top:0;background:${colors.background.primary};text-align:left;color:${colors.text.secondary};white-space:nowrap}
th,td{padding:3px 8px;border-bottom:1px solid ${colors.border.weak}}
td{white-space:nowrap;overflow:hidden;text-overflow:ellipsis;max-width:280px}td.wrap{white-space:normal;min-width:160px}
td[style] a{color:inherit}th.number,td.number{text-align:right}
.lanes th{position:static;width:1%;padding-right:12px}.lanes td{max-width:none;border:0}.lanes td div{position:relative;height:30px;display:flex;justify-content:space-between;color:${colors.text.secondary}}.lanes i{font-style:normal}
.lanes span{position:absolute;top:2px;bottom:2px;min-width:3px;overflow:hidden;text-align:center;line-height:26px;border-radius:2px}
.empty{color:${colors.text.secondary};text-align:center;margin:auto;padding:0 12px}.error{color:${colors.error.text}}
@media(max-width:1400px){table{font-size:12px}th,td{padding:3px 5px}td.wrap{min-width:110px}}
@media(max-width:900px){main{display:block}section{height:320px;margin:8px 0}}`;
}
