"""The whole house on one machine without Docker: a private RabbitMQ node, a private mongod, and the services.

    home.py         the data folder and what lies where in it
    credentials.py  passwords and keys, made once for a data folder; api_key.py gets the one intake gives out
    machine.py      can this machine do it, and what to do where it cannot; external.py: the user's own servers instead
    ports.py        ports that are free, claimed by whoever chose them
    process.py      one process of ours: started, watched, stopped, found again after a crash
    part.py         what a house consists of: the servers and the services below, each one process
    rabbit.py       the RabbitMQ node, with rights.py: who may do what on it
    mongo.py        the mongod
    services.py     how one of our services is started, and whether it is ready
    wiring.py       who reaches what at which address with which secret
    house.py        all of them together, up in order and down in reverse order; board.py: what each is doing
    supervise.py    keeps a house up until it is told to stop
    commands.py     `svoy up | status | logs | down | wipe`; running.py and looking.py do them, display.py shows

As a library: `async with House(Home(folder)).running() as house: house.url("intake"); await house.kill("mongod")`.
"""
