"""The durable state of flows: what earlier runs did, and the lock for the current run.

Everything is kept in Prefect: records in the run's result storage, one secret in a Secret block,
and locks in variables. Records hold ids, times and keyed hashes: no name, address or text.

- `store`: small JSON records by key, and single values that survive a write cut short.
- `secret`: the team's secret, under which records are hashed and encrypted.
- `lock`: admits one run at a time to a posting or a channel.
- `sent_rows`: the append-only log of the rows that were sent to a posting.
- `posts`: what is known of one posted message, and how messages are found in a channel.
- `post_log`: the write-ahead log that posts each message once.

Both logs write in the same order: the intent, then the request, then its result. An intent without
a result means that the run was killed or the response was lost; the next run then looks at HeyMilo
or at the channel before it sends anything again.
"""
