import random, traceback
from bot.adapter import Interaction, MessageRef
from bot.commands import ALIASES, VERBS
from tests.e2e.test_commands import oncard, card, acme
async def test_fuzz(oncard, card):
    if "postgres" in str(oncard.service.database._engine.url if hasattr(oncard.service.database,'_engine') else ''): return
    r=random.Random(4)
    for i in range(3): await oncard.fire(f"cpu {i} <at id=all></at> *x* @channel")
    w=await acme(oncard)
    users=[oncard.slack.workspace.user(n).id for n in ("ana","bo","dee")]+["UNKNOWN"]
    words=[*ALIASES,"42","1","2","#1","1,2","v2","v7","?","me","ana","bo","@1","@t1","@99","<@%s>"%users[0],"<@UX>","until 9:00","1h","30m","level 2","2","-1","999999999999999999","\n","to","and","，","yours","mine","payments","“ana bo”",'"ana',"ops","all","each","sre","tomorrow","25:00","9:61","1d1h","x"*300,"link","ABCD-1234","\x00","\ud800","😀"]
    bad={}
    for i in range(4000):
        tok=r.random()<0.4
        if tok:
            v=r.choice([*VERBS]); t=v+r.choice(["","?"])+r.choice([""," 1"," 2"," 3"," 99"," 1,2"," 123456789012345678"])+r.choice([""," v1"," v2"," v3"," v999999999"])+" "+" ".join(r.choice(words) for _ in range(r.randint(0,3)))
        else:
            t=" ".join(r.choice(words) for _ in range(r.randint(0,5)))
        rep=r.choice([None,None,MessageRef(card.channel,card.ts),MessageRef(card.channel,"9.9"),MessageRef("\x00","\x00")])
        try: await oncard.service.desk.handle(w,Interaction(r.choice(users),"x",t,chat=r.choice([card.channel,None,"C9"]),is_token=tok,replied=rep))
        except Exception as e:
            k=traceback.format_exc().splitlines()[-1][:150]
            bad.setdefault(k,[]).append(t)
    for k,v in bad.items(): print("BAD",k,len(v),repr(v[0])[:150], "AT")
    assert not bad
