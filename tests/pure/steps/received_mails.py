"""Headers as receivers write them, of mails that SES sent for example.com."""

from __future__ import annotations

ID = "0100018f3c2a7b11-5c1e2d3f-aaaa-4bbb-8ccc-1234567890ab-000000"

GMAIL = f"""\
Delivered-To: you@gmail.com
Received: by 2002:a05:7300:1234:b0:17a:1:1 with SMTP id abc; Tue, 24 Nov 2026 02:00:02 -0800 (PST)
X-Google-Smtp-Source: AGHT+IExample
ARC-Seal: i=1; a=rsa-sha256; t=1795514402; cv=none; d=google.com; s=arc-20240605; b=abc
ARC-Authentication-Results: i=1; mx.google.com;
       dkim=pass header.i=@example.com header.s=tokentokentokentokentokentoken01 header.b=AbCd12;
       spf=pass smtp.mailfrom={ID}@bounce.example.com;
       dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=example.com
Return-Path: <{ID}@bounce.example.com>
Received: from a8-31.smtp-out.amazonses.com (a8-31.smtp-out.amazonses.com. [54.240.8.31])
        by mx.google.com with ESMTPS id x1-20020a05.2026.11.24.02.00.01
        for <you@gmail.com>
        (version=TLS1_3 cipher=TLS_AES_128_GCM_SHA256 bits=128/128);
        Tue, 24 Nov 2026 02:00:01 -0800 (PST)
Received-SPF: pass (google.com: domain of {ID}@bounce.example.com designates 54.240.8.31 as permitted sender)
        client-ip=54.240.8.31;
Authentication-Results: mx.google.com;
       dkim=pass header.i=@example.com header.s=tokentokentokentokentokentoken01 header.b="AbC/12+=";
       dkim=pass header.i=@amazonses.com header.s=ug7nbtf4gccmlpwj322ax3p6ow6yfsug header.b=Qq12;
       spf=pass (google.com: domain of {ID}@bounce.example.com designates 54.240.8.31 as permitted sender)
        smtp.mailfrom={ID}@bounce.example.com;
       dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=example.com
DKIM-Signature: v=1; a=rsa-sha256; q=dns/txt; c=relaxed/simple; s=tokentokentokentokentokentoken01;
        d=example.com; t=1795514401; h=From:To:Subject; bh=abc=; b=def
From: Example Reminders <reminders@example.com>
To: you@gmail.com
Subject: Test mail from example.com
"""

GMAIL_SUMMARY = """\
Original Message
Message ID\t<0100018f@email.amazonses.com>
Created at:\tTue, Nov 24, 2026 at 11:00 AM (Delivered after 1 second)
From:\tExample Reminders <reminders@example.com>
To:\tyou@gmail.com
Subject:\tTest mail from example.com
SPF:\tPASS with IP 54.240.8.31
DKIM:\t'PASS' with domain example.com
DMARC:\t'PASS'

Download Original
Copy to clipboard

"""

OUTLOOK = """\
Received: from AM0PR01MB1234.eurprd01.prod.exchangelabs.com (2603:10a6:208:1::1)
 by AM9PR01MB5678.eurprd01.prod.exchangelabs.com with HTTPS; Tue, 24 Nov 2026 10:00:04 +0000
ARC-Authentication-Results: i=1; mx.microsoft.com 1; spf=pass (sender ip is
 54.240.8.31) smtp.rcpttodomain=contoso.example smtp.mailfrom=bounce.example.com;
 dmarc=pass (p=none sp=none pct=100) action=none header.from=example.com; dkim=pass
 (signature was verified) header.d=example.com; arc=none (0)
Authentication-Results: spf=pass (sender IP is 54.240.8.31)
 smtp.mailfrom=bounce.example.com; dkim=pass (signature was verified)
 header.d=example.com;dkim=pass (signature was verified)
 header.d=amazonses.com;dmarc=pass action=none
 header.from=example.com;compauth=pass reason=100
Received-SPF: Pass (protection.outlook.com: domain of bounce.example.com
 designates 54.240.8.31 as permitted sender) receiver=protection.outlook.com;
 client-ip=54.240.8.31; helo=a8-31.smtp-out.amazonses.com; pr=C
From: Example Reminders <reminders@example.com>
X-MS-Exchange-Organization-SCL: 1
"""

YAHOO = """\
X-Apparently-To: you@yahoo.com; Tue, 24 Nov 2026 10:00:03 +0000
Return-Path: <0100018f@bounce.example.com>
Authentication-Results: atlas-production.v2-mail-prod1-gq1.omega.yahoo.com;
 dkim=pass header.i=@example.com header.s=tokentokentokentokentokentoken01;
 dkim=pass header.i=@amazonses.com header.s=ug7nbtf4gccmlpwj322ax3p6ow6yfsug;
 spf=pass smtp.mailfrom=bounce.example.com;
 dmarc=pass(p=NONE) header.from=example.com;
Received: from 54.240.8.31 (EHLO a8-31.smtp-out.amazonses.com)
 by 10.0.0.1 with SMTPs; Tue, 24 Nov 2026 10:00:02 +0000
From: reminders@example.com
"""

FASTMAIL = f"""\
Return-Path: <{ID}@bounce.example.com>
Received: from phl-compute-01.internal ([10.0.0.1]) by phl-mailstore-01.internal with LMTPA;
    Tue, 24 Nov 2026 05:00:02 -0500
ARC-Authentication-Results: i=1; mx6.messagingengine.com; x-csa=none;
    dkim=pass (2048-bit rsa key sha256) header.d=example.com;
    dmarc=pass policy.applied-disposition=none header.from=example.com
Authentication-Results: mx6.messagingengine.com;
    arc=none (no signatures found);
    bimi=skipped (DMARC Policy is not at enforcement);
    dkim=pass (2048-bit rsa key sha256) header.d=example.com header.i=@example.com
      header.b=Ab12Cd34 header.a=rsa-sha256 header.s=tokentokentokentokentokentoken01 x-bits=2048;
    dkim=pass (1024-bit rsa key sha256) header.d=amazonses.com header.i=@amazonses.com
      header.b=Qq12 header.a=rsa-sha256 header.s=ug7nbtf4gccmlpwj322ax3p6ow6yfsug x-bits=1024;
    dmarc=pass policy.published-domain-policy=none policy.applied-disposition=none
      policy.evaluated-disposition=none (p=none,d=none,d.eval=none) policy.policy-from=p
      header.from=example.com;
    iprev=pass smtp.remote-ip=54.240.8.31 (a8-31.smtp-out.amazonses.com);
    spf=pass smtp.mailfrom={ID}@bounce.example.com
      smtp.helo=a8-31.smtp-out.amazonses.com;
    x-aligned-from=pass (Address match)
X-ME-VSScore: 0
From: Example Reminders <reminders@example.com>
"""

POSTFIX = f"""\
Return-Path: <{ID}@bounce.example.com>
Authentication-Results: mail.recipient.example; dmarc=pass (p=none dis=none) header.from=example.com
Authentication-Results: mail.recipient.example;
\tdkim=pass (2048-bit key; unprotected) header.d=example.com header.i=@example.com
\t header.a=rsa-sha256 header.s=token01 header.b=xYz1;
\tdkim=pass (1024-bit key) header.d=amazonses.com header.i=@amazonses.com header.b=Qq12;
\tdkim-atps=neutral
Received-SPF: Pass (mailfrom) identity=mailfrom; client-ip=54.240.8.31;
\thelo=a8-31.smtp-out.amazonses.com;
\tenvelope-from={ID}@bounce.example.com; receiver=recipient.example
Received: from a8-31.smtp-out.amazonses.com (a8-31.smtp-out.amazonses.com [54.240.8.31])
\tby mail.recipient.example (Postfix) with ESMTPS id 4ABCDEF for <you@recipient.example>
From: Example Reminders <reminders@example.com>
"""

RSPAMD = f"""\
Return-Path: <{ID}@bounce.example.com>
Received: from mail.recipient.example by mail.recipient.example with LMTP
Authentication-Results: mail.recipient.example;
\tdkim=pass header.d=example.com header.s=token01 header.b=AbCd;
\tdkim=pass header.d=amazonses.com header.s=ug7 header.b=EfGh;
\tdmarc=pass (policy=none) header.from=example.com;
\tspf=pass (mail.recipient.example: domain of
\t "{ID}@bounce.example.com" designates 54.240.8.31 as permitted sender)
\t smtp.mailfrom="{ID}@bounce.example.com"
From: Example Reminders <reminders@example.com>
"""

ICLOUD = """\
Return-path: <0100018f@bounce.example.com>
X-Apple-MoveToFolder: INBOX
Received: from p00-icloudmta-asmtp-us-east-1a-100-percent-1 by p120-mailgateway-smtp-1 with SMTP
Authentication-Results: bimi.icloud.com; bimi=none
Authentication-Results: arc.icloud.com; arc=none
Authentication-Results: dmarc.icloud.com; dmarc=pass header.from=example.com
Authentication-Results: dkim-verifier.icloud.com;
\tdkim=pass (2048-bit key) header.d=example.com header.i=@example.com header.b=AbCd
Authentication-Results: dkim-verifier.icloud.com;
\tdkim=pass (1024-bit key) header.d=amazonses.com header.i=@amazonses.com header.b=EfGh
Authentication-Results: spf.icloud.com; spf=pass (spf.icloud.com: domain of
\t0100018f@bounce.example.com designates 54.240.8.31 as permitted sender)
\tsmtp.mailfrom=0100018f@bounce.example.com
From: Example Reminders <reminders@example.com>
"""

ZOHO = """\
Delivered-To: you@recipient.example
ARC-Authentication-Results: i=1; mx.zohomail.com; dkim=pass; spf=pass; dmarc=pass
Return-Path: <0100018f@bounce.example.com>
Authentication-Results: mx.zohomail.com;
\tdkim=pass  header.i=@example.com;
\tdkim=pass  header.i=@amazonses.com;
\tspf=pass  (zohomail.com: domain of bounce.example.com designates 54.240.8.31 as permitted sender )
\t smtp.mailfrom=0100018f@bounce.example.com;
\tdmarc=pass(p=none dis=none)  header.from=<reminders@example.com>
From: reminders@example.com
"""

SES_INBOUND = f"""\
Return-Path: <{ID}@bounce.example.com>
Received: from a8-31.smtp-out.amazonses.com (a8-31.smtp-out.amazonses.com [54.240.8.31])
 by inbound-smtp.us-east-1.amazonaws.com with SMTP id abc123
 for you@recipient.example; Tue, 24 Nov 2026 10:00:03 +0000 (UTC)
X-SES-Spam-Verdict: PASS
Authentication-Results: amazonses.com;
 spf=pass (spfCheck: domain of bounce.example.com designates 54.240.8.31 as permitted sender)
 client-ip=54.240.8.31; envelope-from={ID}@bounce.example.com; helo=a8-31.smtp-out.amazonses.com;
 dkim=pass header.i=@example.com;
 dkim=pass header.i=@amazonses.com;
 dmarc=pass header.from=example.com;
From: reminders@example.com
"""

ALL = {
    "mx.google.com": GMAIL,
    "the receiver, which gives no name": OUTLOOK,
    "atlas-production.v2-mail-prod1-gq1.omega.yahoo.com": YAHOO,
    "mx6.messagingengine.com": FASTMAIL,
    "mail.recipient.example": POSTFIX,
    "icloud.com": ICLOUD,
    "mx.zohomail.com": ZOHO,
    "amazonses.com": SES_INBOUND,
}
"""A mail where all is as it should be, by who received it."""


def results(*clauses: str, sender: str = "reminders@example.com", more: str = "") -> str:
    """A mail's head with these results."""
    written = "".join(f";\n {clause}" for clause in clauses)
    return f"{more}Authentication-Results: mx.recipient.example{written}\nFrom: <{sender}>\n"
