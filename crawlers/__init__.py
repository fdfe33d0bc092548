"""Crawling and importing: everything that brings posts to the log.

One spider per kind of source (`crawlers/spiders/`), one YAML entry per source, no code to add a source:

    - key: yuhang-board               # names the source for good: post ids are made from it
      name: 余杭民声留言板
      kind: board                     # board | forum | news | rss | sheet
      url: https://example.gov.cn/messages/
      publishes: message              # the Post kind of its items (replies in a forum are comments)
      enabled: true
      region: "330110"
      delay: 3                        # seconds between two requests to the site, AutoThrottle may wait longer
      every: 15                       # minutes between two visits
      fields:                         # only where the page differs from crawlers/fields.py
        entry: "table.msg tr"
        time: ".info span:nth-child(2)"

What happens to a page: a spider reads it with selectors into `Found` values (`found.py`); the pipeline
(`pipeline.py`) builds Posts (`posts.py`), leaves out what did not change since the last visit (`cursor.py`), masks,
publishes and only then moves the cursor. `walk.py` decides which pages to ask for, `polite.py` how fast, `guard.py`
refuses addresses that are not public, `health.py` turns what happened into one result per source with a reason in
Chinese. `run.py` is the door: `crawl_once`, `crawl_forever`. `importer.py` reads spreadsheets.
"""
