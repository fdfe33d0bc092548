"""The look of the pages: one style sheet."""

STYLE = """<style>
:root { --ink:#1f2833; --dim:#5f6b7a; --rule:#e1e5ea; --red:#b3261e; --orange:#b4510b; --green:#1b7f4b; --blue:#1d5fa8; }
.stMainBlockContainer { padding:1.2rem 1.6rem 3rem; max-width:1680px; }
.stMain h1 { font-size:1.35rem; padding:0 0 .2rem; }
.stMain h2 { font-size:1.1rem; padding:.3rem 0 .1rem; }
.stMain h3 { font-size:.98rem; padding:.2rem 0 0; color:var(--ink); }
[data-testid="stHeaderActionElements"] { display:none; }
.notice { background:#fff6dc; color:#6b4e00; border:1px solid #efdca4; border-radius:4px; padding:.15rem .6rem;
  font-size:.82rem; display:inline-block; }
@media (min-width:641px) { .notice.lone { margin-top:2.6rem; } } /* without a menu the logo lies over the top of the page */
.brand { font-size:1.15rem; font-weight:650; letter-spacing:.06em; }
.brand small { font-size:.75rem; font-weight:400; color:var(--dim); letter-spacing:0; display:block; }
.line { display:flex; flex-wrap:wrap; gap:.15rem .6rem; align-items:center; font-size:.82rem; line-height:1.6; color:var(--dim); }
.line .strong, .strong { color:var(--ink); font-weight:600; }
.number { font-variant-numeric:tabular-nums; white-space:nowrap; }
.chip { display:inline-block; padding:0 .42rem; border-radius:3px; background:#edf0f4; color:#33404f; font-size:.76rem;
  line-height:1.55; white-space:nowrap; }
.chip.s1 { background:#e3edf7; color:#174d87; } .chip.s2 { background:#fbf0cc; color:#6a5300; }
.chip.s3 { background:#fbe0cd; color:#8b3d06; } .chip.s4 { background:var(--red); color:#fff; }
.chip.open { background:#dbe9f8; color:#15497f; } .chip.shut { background:#e9ecef; color:#56616d; }
.chip.mild { background:none; border:1px solid #ccd3db; color:var(--dim); line-height:1.4; }
.chip.late { background:var(--red); color:#fff; } .chip.soon { background:#fbe0cd; color:#8b3d06; }
.chip.fine, .chip.done { background:#dcf0e4; color:#125c36; } .chip.missed { background:#f3dcda; color:#8d1f18; }
.chip.neg { background:#f6e1df; color:#8d1f18; } .chip.pos { background:#dcf0e4; color:#125c36; }
.tiles { display:grid; grid-template-columns:repeat(auto-fit,minmax(88px,1fr)); gap:.45rem; }
.tile { border:1px solid var(--rule); border-radius:6px; padding:.4rem .55rem; background:#fff; }
.tile b { display:block; font-size:1.5rem; line-height:1.25; font-variant-numeric:tabular-nums; color:var(--ink); }
.tile span { font-size:.76rem; color:var(--dim); }
.tile.red { border-left:3px solid var(--red); } .tile.red b { color:var(--red); }
.tile.orange { border-left:3px solid var(--orange); } .tile.orange b { color:var(--orange); }
.facts { display:grid; grid-template-columns:max-content minmax(0,1fr); gap:.12rem .9rem;
  margin:0 !important; padding:0 !important; font-size:.88rem; line-height:1.6; }
.facts dt { color:var(--dim); font-weight:400; margin:0 !important; } .facts dd { margin:0 !important; overflow-wrap:anywhere; }
.facts ul { margin:0 !important; padding-left:1.1rem !important;
  font-size:inherit !important; }
.facts li, .post li, .facet li { font-size:inherit !important; margin:0 !important; padding-left:0; }
table.rows { width:100%; border-collapse:collapse; font-size:.84rem; line-height:1.5; }
table.rows th { text-align:left; color:var(--dim); font-weight:500; border-bottom:1px solid #ccd3db; padding:.2rem .6rem .2rem 0; white-space:nowrap; }
table.rows td { border-bottom:1px solid var(--rule); padding:.28rem .6rem .28rem 0; vertical-align:top; overflow-wrap:anywhere; }
table.rows td .number { white-space:nowrap; }
.clocks { display:grid; grid-template-columns:repeat(auto-fill,minmax(220px,1fr)); gap:.5rem; }
.clock { border:1px solid var(--rule); border-left:4px solid #9aa5b1; border-radius:5px; padding:.35rem .7rem; }
.clock .name { font-size:.86rem; color:var(--ink); display:flex; gap:.35rem; flex-wrap:wrap; align-items:center; }
.clock .left { font-size:1.12rem; font-weight:650; line-height:1.45; font-variant-numeric:tabular-nums; }
.clock .when { font-size:.76rem; color:var(--dim); line-height:1.45; overflow-wrap:anywhere; }
.clock.late { border-left-color:var(--red); } .clock.late .left { color:var(--red); }
.clock.soon { border-left-color:#d97b1f; } .clock.soon .left { color:var(--orange); }
.clock.fine { border-left-color:var(--green); } .clock.fine .left { color:var(--green); }
.clock.paused .left { color:var(--dim); }
.clock.done .left { color:var(--dim); } .clock.missed .left { color:#8d1f18; }
.post { padding:.55rem 0 .5rem; font-size:.9rem; line-height:1.65; color:var(--ink); overflow-wrap:anywhere; }
.post .title { font-weight:600; font-size:.95rem; }
.post .body { margin:.2rem 0; }
.post .reply { background:#f4f7fa; border-left:3px solid #b9c7d6; padding:.3rem .6rem; margin:.25rem 0; font-size:.85rem; }
.post details { font-size:.83rem; color:var(--dim); } .post details ul { margin:.1rem 0; padding-left:1.2rem; }
.post details p { margin:.1rem 0; }
.post summary, details.more summary { cursor:pointer; color:var(--blue); font-size:.8rem; }
mark { background:#ffe9a8; color:inherit; padding:0 .05em; border-radius:2px; }
ol.history { list-style:none; margin:0 !important; padding:0 !important; }
ol.history li { border-left:2px solid #c6d2df; padding:.15rem 0 .45rem .8rem; margin:0; font-size:.86rem; }
.history p, .post details p { font-size:inherit; } .history p { margin:.1rem 0 0; color:var(--ink); overflow-wrap:anywhere; }
.facet h4 { font-size:.84rem; font-weight:600; margin:.5rem 0 .1rem; padding:0; color:var(--ink); }
.facet ul { font-size:.8rem !important; list-style:none; margin:0; padding:0; } .facet li { display:grid; grid-template-columns:minmax(0,1fr) max-content;
  gap:0 .5rem; font-size:.8rem; line-height:1.5; margin:0; color:var(--dim); position:relative; padding-bottom:3px; }
.facet li span { white-space:nowrap; overflow:hidden; text-overflow:ellipsis; }
.facet li b { font-weight:500; color:var(--ink); font-variant-numeric:tabular-nums; }
.facet li i { position:absolute; left:0; bottom:1px; height:2px; background:#9dbbd6; }
.why-not { color:#8d1f18 !important; }
.post a { color:var(--blue); }
.told { border-bottom:1px solid var(--rule); padding:.2rem 0 .3rem; }
[data-testid="stBaseButton-primary"], [data-testid="stBaseButton-primaryFormSubmit"] { background:var(--blue) !important;
  border-color:var(--blue) !important; }
[data-baseweb="tab-highlight"] { background:var(--blue) !important; }
.stTabs button[aria-selected="true"] p { color:var(--blue); }
[data-testid="stFileUploaderDropzoneInstructions"] { display:none; } /* the label above says the same, in Chinese */
[data-testid="stFileUploaderDropzone"] button p { font-size:0; }
[data-testid="stFileUploaderDropzone"] button p::after { content:"选择文件"; font-size:.9rem; }
section[role="dialog"] > h2[slot="title"], section[role="dialog"] > h2[slot="title"] + div > div { font-size:0; } /* no such page */
section[role="dialog"] > h2[slot="title"]::after { content:"没有这个页面"; font-size:1.2rem; }
section[role="dialog"] > h2[slot="title"] + div > div::after { content:"请核对网址，或从菜单进入。现在显示的是总览。"; font-size:.95rem; }
.quiet { color:var(--dim); font-size:.86rem; }
[class*="st-key-row-"] { gap:.15rem; border-bottom:1px solid var(--rule); padding:.25rem .35rem .4rem; }
[class*="st-key-row-picked-"] { background:#eef4fb; border-radius:4px; }
[class*="st-key-row-"] [data-testid="stPageLink-NavLink"] { padding:0; background:none; height:auto; min-height:0; justify-content:flex-start; }
[class*="st-key-row-"] [data-testid="stPageLink-NavLink"] p { font-weight:600; font-size:.93rem; color:var(--ink); white-space:normal;
  overflow:visible; text-align:left; line-height:1.5; }
[class*="st-key-row-"] [data-testid="stPageLink-NavLink"]:hover p { color:var(--blue); text-decoration:underline; }
[class*="st-key-row-"] [data-testid="stPageLink"] { width:100%; }
[class*="st-key-row-hit-"] [data-testid="stPageLink-NavLink"] p { font-weight:400; font-size:.82rem; color:var(--blue); }
[class*="st-key-row-hit-"] [data-testid="stPageLink"] { width:auto; }
.post { border-bottom:1px solid var(--rule); } [class*="st-key-row-hit-"] .post { border:0; padding:.2rem 0 0; }
[class*="st-key-pick-"] button { min-height:0; padding:0; text-align:left; justify-content:flex-start; }
[class*="st-key-pick-"] button p { font-weight:600; font-size:.93rem; color:var(--ink); white-space:normal; line-height:1.5; text-align:left; }
[class*="st-key-pick-"] button:hover p { color:var(--blue); text-decoration:underline; }
[data-testid="stBaseButton-pillsActive"] { background:#e3edf7 !important; border-color:var(--blue) !important; }
[data-testid="stBaseButton-pillsActive"] p { color:var(--blue) !important; }
@media (min-width:641px) { /* the list scrolls by itself and stays beside the event that was picked */
  [data-testid="stColumn"]:has(.st-key-triage-list) { position:sticky; top:3.6rem; align-self:flex-start;
    max-height:calc(100vh - 4.2rem); overflow-y:auto; }
}
@media (max-width:640px) {
  .stMainBlockContainer { padding:4.4rem .8rem 3rem; }
  .tiles { grid-template-columns:repeat(3,minmax(0,1fr)); } .tile { padding:.35rem .5rem; } .tile b { font-size:1.25rem; }
  .tile span { white-space:normal; }
  .facts { grid-template-columns:4.5em minmax(0,1fr); }
  table.rows thead { display:none; } table.rows tr { display:block; padding:.3rem 0; border-bottom:1px solid var(--rule); }
  table.rows td { display:flex; gap:.6rem; border:0; padding:.05rem 0; }
  table.rows td::before { content:attr(data-head); color:var(--dim); flex:0 0 5em; }
  .st-key-triage-picked > [data-testid="stLayoutWrapper"] > [data-testid="stHorizontalBlock"] > [data-testid="stColumn"]:nth-child(2),
  .st-key-triage-picked [data-testid="stHorizontalBlock"] > [data-testid="stColumn"].detail { order:-1; }
}
</style>"""
