"""What a role may do is enforced: a call that its policies do not allow is refused in the words of its service.

In AWS a connector runs with the credentials of its task role. A stand-in that lets everybody do everything would prove
nothing of that role, so here the sessions of roles are held to their policies, and a deployed role is known to be
enough for what runs with it. moto can check policies too, but knows neither resources nor conditions, and checks every
caller or none.

    policy.py    what policies say to one action on one resource
    session.py   whose session a call is made in, and the policies that bind it
    asked.py     the action and the resource that a request asks for
    denial.py    how a service says no
    gate.py      the door that every request goes through
    simulation.py    SimulatePrincipalPolicy: what a role would be allowed

Held to its policies is every session of a role but one: a role that lets the whole account in, as those of
`cdk bootstrap` do, is a person's, and a person's credentials may do everything here. Not looked at are the policies of
keys, queues, topics and endpoints: a resource that is another account's is out of the stand-in's reach anyway.
"""
