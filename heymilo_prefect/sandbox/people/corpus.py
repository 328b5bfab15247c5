"""The names, questions, answers and remarks of simulated candidates."""

FIRST_NAMES = (
    "Amara", "Beatriz", "Chidi", "Dana", "Elif", "Farah", "Goran", "Hana", "Ines", "Jamal",
    "Katarzyna", "Liam", "Mei", "Noor", "Oskar", "Priya", "Quentin", "Rosa", "Siobhán", "Tomás",
    "Uma", "Viktor", "Wanjiru", "Ximena", "Yusuf", "Zoë",
)  # fmt: skip
LAST_NAMES = (
    "Abara", "Bergström", "Castillo", "Dlamini", "Eriksen", "Fofanah", "García", "Haddad", "Ito",
    "Jensen", "Kowalska", "Lindqvist", "Mbeki", "Novak", "O'Connor", "Petrov", "Quispe", "Rao",
    "Silva", "Tanaka", "Ueda", "Vargas", "Weiss", "Xu", "Yilmaz", "Zhang",
)  # fmt: skip

TITLES = (
    "Senior Frontend Developer",
    "Warehouse Associate",
    "Customer Support Agent",
    "Night Shift Nurse",
    "WebhookCall Driver",
    "Data Analyst",
    "Store Manager",
    "Line Cook",
)

QUESTIONS = (
    (
        "Tell me about a piece of work that you are proud of.",
        "Ownership",
        "I noticed that orders were lost at the hand-over, so I drew up a checklist with both "
        "teams and we tried it for two weeks. Mistakes went down by half, and it is still in use.",
        "We usually do what the team lead says. It went fine, I think.",
        "Describes the problem, the part that was theirs, and a result that was measured.",
        "Stays general; what the candidate did themselves isn't clear.",
    ),
    (
        "How do you decide what to do first on a day when everything is urgent?",
        "Prioritization",
        "I ask what breaks if it waits until tomorrow. Then I tell the others what I am leaving "
        "out, because silence is what really causes trouble.",
        "I start at the top of the list and try to be quick.",
        "Weighs consequences and tells others about the trade-off.",
        "No method beyond working through the list.",
    ),
    (
        "Describe a disagreement with a colleague. How did it end?",
        "Collaboration",
        "We disagreed about who should check deliveries. I asked her to show me a week of her "
        "work, saw that I was wrong, and we split it by shift.",
        "I don't really disagree with people, it is easier that way.",
        "Listens, changes position on evidence, and lands on something concrete.",
        "Avoids the question.",
    ),
)
"""Question, criterion, a strong answer, a weak one, and how each of the two is judged."""

HIGHLIGHTS = (
    "Strong communication skills",
    "Gives concrete, measured examples",
    "Learns quickly and says what they don't know",
    "Five years in a comparable role",
    "Calm and structured under pressure",
    "Speaks well of former colleagues",
)
LOWLIGHTS = (
    "Limited experience with the tools that we use",
    "Some answers stay general",
    "Available only after a long notice period",
    "Hasn't worked in shifts before",
    "Moves on quickly when asked about mistakes",
)
TAGS = ("Teamwork", "Planning", "Customer contact", "Safety", "JavaScript", "Logistics", "Training")

HOSTILE = (
    "<!channel> everyone look here",
    "<@U0000001> *bold* _slanted_ ~struck~ `code`",
    "<https://evil.example.com|Your pay slip>",
    "[your invoice](https://evil.example.com/a) **now**",
    '<script>alert("sandbox")</script><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }} {% for x in range(9) %}{{ x }}{% endfor %}",
    "first line\n> quoted\n# heading\n- item",
    '=HYPERLINK("https://evil.example.com","x") & \'quotes\' "too"',
    "\u202egnp.exe\u202c \u200bzero\u200bwidth",
    ":tada: @here @everyone #hiring " + "long" * 40,
)
"""What people type when they want software to do something: in names, answers and judgements."""
