// Generated from api/openapi.yaml by `npm run types`. Do not edit.

export interface paths {
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the service is ready */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/activity": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What happened on each of the last days, in UTC, the oldest first */
        get: operations["getActivity"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The agents that playbooks can use, and those that are only written */
        get: operations["listAgents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agents/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An agent with its text */
        get: operations["getAgent"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agents/{name}/publish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let playbooks use a version from now on
         * @description Runs under way keep the version that they began with. Version 0 is the file that came with Picket or lies in the
         *     directory of playbooks; where there is none, it takes the agent away. A version that does not compile
         *     is refused with 422, one that would keep a playbook that uses it from compiling with 409. For a lead or an
         *     admin; the ledger says who and why.
         */
        post: operations["publishAgentVersion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agents/{name}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What was saved of an agent, and what was published when
         * @description The newest 200 of each, newest first, without the texts.
         */
        get: operations["listAgentVersions"];
        put?: never;
        /**
         * Save a text as the next version of an agent
         * @description Nothing runs it before it is published, so it may be one that does not compile yet. `base` is the version that it
         *     was written from: 0 for the file that came with Picket, or for a new agent. When it is not the newest version
         *     any more the answer is 409 and nothing is kept. The text's `name` is that of the path.
         */
        post: operations["saveAgentVersion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agents/{name}/versions/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A version with its texts */
        get: operations["getAgentVersion"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agents/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What is wrong with an agent's text */
        post: operations["checkAgent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/alerts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Alerts, newest first; without `raw` and `mail.body` */
        get: operations["listAlerts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/alerts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One alert with its runs */
        get: operations["getAlert"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/alerts/{id}/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Close an alert, open it again, or set its severity
         * @description Exactly one of `status` and `severity`. Closing and lowering need the role responder, lead or admin. A severity below the highest
         *     floor rule that holds for the alert is refused. What the alert is already changes nothing.
         */
        post: operations["changeAlert"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/alerts/{id}/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Run a playbook on an alert by hand
         * @description The same `Idempotency-Key` from the same person within an hour is one run.
         */
        post: operations["startRun"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/approvals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Approvals, newest first */
        get: operations["listApprovals"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/approvals/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One approval */
        get: operations["getApproval"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/approvals/{id}/decision": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Decide an approval
         * @description `digest` is the approval's digest as it was shown, so that nobody consents to what they did not see. The same
         *     decision by the same person again gets the same answer.
         *
         *     `edited` changes arguments that the call's `edit` names; they are checked against the operation's schema, and what
         *     is released is the changed call. Where `quorum` people must say yes, a yes is a vote: the approval stays pending
         *     until the last one, all must be to the same calls, and one no denies. An approval of the kind `ask` is answered
         *     with `approved` and `answers`; `denied` declines to answer.
         */
        post: operations["decideApproval"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Verify the ledger's chain */
        get: operations["getAuditReport"];
        put?: never;
        /** Verify the ledger's chain */
        post: operations["verifyAudit"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/connections": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The configured connections; never their secrets */
        get: operations["listConnections"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/counts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The numbers beside the navigation */
        get: operations["getCounts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/diagnostics/{code}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The page of a diagnostic's code, as Markdown */
        get: operations["getDiagnostic"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/editor/analyse": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Everything that an editor shows beside a text */
        post: operations["analysePlaybook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/editor/complete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What can stand at a place, the likely first */
        post: operations["completePlaybook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/editor/definition": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Where the step is defined that is named at a place */
        post: operations["definitionInPlaybook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/editor/format": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The text as `picket playbook fmt` writes it */
        post: operations["formatPlaybook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/editor/hover": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What is known of the thing at a place */
        post: operations["hoverPlaybook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/editor/references": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** All places where the step is named that is named at a place */
        post: operations["referencesInPlaybook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/editor/rename": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The edits that give the step at a place another id, everywhere */
        post: operations["renameStep"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Server-sent events as the ledger grows
         * @description Each event's `id` is the ledger entry's `seq`, its `event` is `ledger` and its `data` an `Event`. With
         *     `Last-Event-ID` (or `after`) the stream resumes after that entry, else it begins with what comes next. A client
         *     that is more than 5000 entries behind gets one event `reset` instead, with the `seq` that it is at now: what it
         *     knew is stale. Comments keep the connection alive. The stream ends with the session.
         */
        get: operations["streamEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/facts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the organisation knows of entities, and what is proposed to be known; the newest 500 */
        get: operations["listFacts"];
        put?: never;
        /** Propose a fact; it counts once somebody has approved it */
        post: operations["proposeFact"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/facts/{id}/decision": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Approve or reject a proposed fact, or revoke one
         * @description For a responder, a lead or an admin; what one has proposed oneself only a lead or an admin decides on. The ledger
         *     says who and why.
         */
        post: operations["decideFact"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hooks/{source}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Accept one alert, or a list of alerts
         * @description The body is the source's own document. Once 202 is answered the alert is kept and its runs will start. The same
         *     alert posted again is one alert (`duplicate` is true). The same `Idempotency-Key` (or `X-Request-Id`) posted
         *     again gets the same answer; with another body it is a conflict.
         *
         *     With an HMAC secret: `X-Picket-Timestamp` is the time in Unix seconds and `X-Picket-Signature` is
         *     `sha256=` and the hex HMAC-SHA256 over the timestamp, a full stop and the body. A source that has both a token
         *     and a secret checks both.
         */
        post: operations["postHook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How the providers of models do, and how far their budgets are spent */
        get: operations["listModels"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What models have used, summed up
         * @description Days come newest first, anything else the dearest first, at most 1000. Without `by` there is one sum.
         */
        get: operations["listModelUsage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/openapi.yaml": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document */
        get: operations["getOpenAPI"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The operations that playbooks can call */
        get: operations["listOperations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/playbooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All playbooks by name */
        get: operations["listPlaybooks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/playbooks/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One playbook with source, plan and diagnostics */
        get: operations["getPlaybook"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/playbooks/{name}/backtest": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Hold a version of a playbook against the runs that it has had */
        post: operations["backtestPlaybook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/playbooks/{name}/promote": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End a playbook's shadow mode; for a lead or an admin, and a decision in the ledger */
        post: operations["promotePlaybook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/playbooks/{name}/publish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let runs be started with a version from now on
         * @description Runs under way keep the version that they began with. Version 0 is the file that came with Picket or lies in the
         *     directory of playbooks; where there is none, it takes the playbook out of service. A version that does not compile
         *     is refused with 422, one that would keep a playbook that calls it from compiling with 409. For a lead or an
         *     admin; the ledger says who and why.
         */
        post: operations["publishVersion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/playbooks/{name}/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Run a playbook with inputs, with or without an alert
         * @description The inputs are checked against those that the playbook declares: the problem names each that is unknown, missing
         *     or of another type. The same `Idempotency-Key` from the same person within an hour is one run.
         */
        post: operations["startPlaybook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/playbooks/{name}/shadow": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The playbook's shadow mode; 404 when it acts */
        get: operations["getShadow"];
        /**
         * Put a playbook into shadow mode
         * @description From its next run on, its consequential calls are recorded with their exact arguments and not made: all of them, or
         *     those of `operations`. With `plan_digest` only while the playbook is the version that it is now. For a lead or an
         *     admin; the ledger says who and why.
         */
        put: operations["putShadow"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/playbooks/{name}/shadow/report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the playbook would have done, and what was really done for the same alerts
         * @description For each call that shadow mode has not made: whether another run made the same call for the same alert, and who
         *     approved it; whether somebody denied it; or neither. Calls are the same when the operation and the arguments that
         *     its schema requires are, remarks (`comment`, `reason`, `note`, `message`) left out.
         */
        get: operations["getShadowReport"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/playbooks/{name}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What was saved of a playbook, and what was published when
         * @description The newest 200 of each, newest first, without the texts.
         */
        get: operations["listVersions"];
        put?: never;
        /**
         * Save a text as the next version of a playbook
         * @description Nothing runs it before it is published, so it may be one that does not compile yet. `base` is the version that it
         *     was written from: 0 for the file that came with Picket, or for a new playbook. When it is not the newest version
         *     any more the answer is 409 and nothing is kept. The text's `name` is that of the path.
         */
        post: operations["saveVersion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/playbooks/{name}/versions/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A version with its texts */
        get: operations["getVersion"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/playbooks/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Check a playbook's text */
        post: operations["checkPlaybook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/playbooks/compile": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Compile a playbook's text; `plan` is null when a diagnostic is an error */
        post: operations["compilePlaybook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/playbooks/diff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Say what a version of a playbook does otherwise than another */
        post: operations["comparePlaybooks"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/playbooks/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make a playbook of a CACAO 2.0 document
         * @description Nothing is kept. The report names everything of the document that has no counterpart, by its place; the playbook may have mistakes
         *     that a person puts right.
         */
        post: operations["importPlaybook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/playbooks/propose": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let a model write a playbook, a change of one, or an expression
         * @description What it writes is compiled and its tests are run; what is wrong goes back to it, at most three times in all. Nothing
         *     is saved. `ok` says whether the last one holds; `rounds` say what was wrong with each. The words, every request and
         *     every answer are kept in the ledger. 422 when no model is configured.
         */
        post: operations["proposePlaybook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/playbooks/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Run the tests of a playbook's text; nothing outside is called */
        post: operations["testPlaybook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Runs, newest first */
        get: operations["listRuns"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One run */
        get: operations["getRun"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{id}/ask-again": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask another model what a step asked, or the same one with another prompt, and compare
         * @description The step's question and its evidence are put together from the run's record; nothing is called, and the run stays as
         *     it is. For model steps that return a verdict. The ledger has the asking (`model.asked_again`), and it counts
         *     against the budgets.
         */
        post: operations["askAgain"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel a run
         * @description It ends its calls and the runs it waits for, runs its `finally` blocks and is then over. Asking again changes
         *     nothing. A run that is over is a conflict.
         */
        post: operations["cancelRun"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{id}/case": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A run that is over as a case of its playbook's tests
         * @description What started it, what operations and models answered, what people decided, and what came of it, as an item of the list `cases` of a
         *     `*.test.yaml`. What holds the run's id is left out of arguments and outputs.
         */
        get: operations["getCase"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The events of the run's Temporal histories, without their data
         * @description From the archive, or for a run that goes on from Temporal. A long run has several histories, and so has one with long loops.
         */
        get: operations["listEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{id}/events/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One event with its data, its payloads opened */
        get: operations["getEvent"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{id}/evidence": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * All that there is of a run that is over, as a ZIP file
         * @description The run, its alert, plan, ledger entries, approvals and archived histories, with a list of digests. `picket audit evidence` checks it.
         */
        get: operations["getEvidence"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{id}/feedback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What people say of the verdicts of a run */
        get: operations["listFeedback"];
        /**
         * Agree with the verdict of a step, or say which one is right and why
         * @description The last word on a step stands; the ledger has those before it.
         */
        put: operations["putFeedback"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The run's archived Temporal history; 404 until it is archived */
        get: operations["getRunHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{id}/ledger": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The run's ledger entries, oldest first */
        get: operations["listRunLedger"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{id}/plan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The plan that the run interprets, and the playbook's text it was compiled from */
        get: operations["getRunPlan"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{id}/recommended": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for a call that a verdict recommends
         * @description Starts a run (trigger `recommended`, its `parent_id` this run) that makes the call. A consequential one waits for
         *     the approval of exactly that call, on whose card the verdict stands; the approver may change its arguments. 422 when
         *     the call does not hold to the operation's schema, 409 while another run asks for the same call.
         */
        post: operations["askRecommended"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Replay the run's archive against the code of this server
         * @description Every call with its arguments, every wait and the result are compared. Nothing is called.
         */
        post: operations["checkReplay"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{id}/rerun": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Run the playbook once more for what a run was about
         * @description With the version of then or the present one, with other inputs, or from one of the playbook's own steps on: the results of those before
         *     are taken over from the run. Decisions never are, so a run can't begin behind the approval of a call that it would make.
         *     Whoever asks for it counts as the requester.
         */
        post: operations["rerun"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{id}/steps": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The run's steps, in the order of the plan
         * @description All steps of the plan, whether they were reached or not; the steps inside a `foreach` or a `repeat` appear once for
         *     each item or round that was begun. Of a long loop the first items appear, and those that are not well (`shown` says
         *     how many); `loop` pages through all of them. It is a projection of the plan and of the run's ledger entries.
         */
        get: operations["listSteps"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{id}/undo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take back what a run did
         * @description Starts a run (trigger `undo`, its `parent_id` this run) that makes the undo calls of the finished steps, the newest
         *     first; each consequential one asks for an approval of its own. What is taken back already is left out; 409 when
         *     nothing is left, while the run is open, and while another run takes it back.
         */
        post: operations["undoRun"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/schemas/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The JSON Schema of playbooks, for editors, or of plans */
        get: operations["getSchema"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What holds a text, of every kind; the newest of each
         * @description Alerts by title, user, host, address, rule and id at the source; runs by their alert, playbook, reason, requester and id; approvals by
         *     what was asked; facts by entity and text; playbooks by their text.
         */
        get: operations["search"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who am I; answers 200 to everybody */
        get: operations["getSession"];
        put?: never;
        /** Sign in with name and password */
        post: operations["signIn"];
        /** Sign out */
        delete: operations["signOut"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/session/setup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Use a one-time code to set a name and a password, and sign in */
        post: operations["setUp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/verdicts/accuracy": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How often verdicts were right, by what people say of them: the most judged first */
        get: operations["listAccuracy"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/verdicts/dataset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The judged alerts as a data set for `picket eval`: JSON Lines, the newest first */
        get: operations["getDataset"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/verdicts/measure": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Measure a provider on labelled alerts, or compare two
         * @description As `picket eval` does: confusion, recall, false positives, balanced accuracy, calibration, citations, verdicts that
         *     flip, cost, each with its interval and beside the majority class and a severity threshold. For a lead or an
         *     admin, since it may cost money; within the budgets, one at a time, at most 500 alerts. What was used is counted.
         */
        post: operations["measureVerdicts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Accepted: {
            alert_id: string;
            duplicate: boolean;
            run_ids: string[];
        };
        AcceptedList: {
            items: components["schemas"]["Accepted"][];
        };
        Account: {
            /** Format: date-time */
            created_at?: string;
            id: string;
            name: string;
            roles: string[];
        };
        Accuracy: {
            abstained: components["schemas"]["Rate"];
            /** @description Of a model, once enough of its verdicts were judged: how often it is right with what it states */
            calibration?: {
                bins: {
                    calibrated: number;
                    from: number;
                    right: number;
                    to: number;
                    verdicts: number;
                }[];
                verdicts: number;
            };
            /** @description Verdicts counted, by the verdict that is right */
            confusion: {
                [key: string]: {
                    benign: number;
                    failed: number;
                    inconclusive: number;
                    malicious: number;
                    suspicious: number;
                };
            };
            false_alarms: components["schemas"]["Rate"];
            judged: number;
            key: string;
            missed: components["schemas"]["Rate"];
            /** @description Of a rule */
            name?: string;
            wrong: components["schemas"]["Rate"];
        };
        AccuracyList: {
            items: components["schemas"]["Accuracy"][];
            next: string;
        };
        ActivityList: {
            items: {
                alerts: number;
                /** @description Of models, where their price is known */
                cost_usd: number;
                /** Format: date */
                day: string;
                /** @description Of the runs, those that failed or ran out of time */
                failed: number;
                runs: number;
            }[];
            next: string;
        };
        Agent: {
            /** @description SHA-256 of its text, which stands in every verdict that it gave; empty when it does not hold */
            digest: string;
            /** @description No version of it is used; what is shown is the newest */
            draft: boolean;
            errors: number;
            file: string;
            name: string;
            /** @description The newest saved version; 0 is none */
            newest: number;
            owner: string;
            /** @description There is a file of it to go back to */
            shipped: boolean;
            title: string;
            tools: string[];
            /** @description Playbooks */
            used_by: string[];
            /** @description The version that is used; 0 is the file */
            version: number;
        };
        AgentChecked: {
            diagnostics: components["schemas"]["Diagnostic"][];
            digest: string;
            ok: boolean;
        };
        AgentDetail: {
            agent: components["schemas"]["Agent"];
            diagnostics: components["schemas"]["Diagnostic"][];
            source: string;
        };
        AgentList: {
            items: components["schemas"]["Agent"][];
            next: string;
        };
        Alert: {
            attack: string[];
            class_uid: number;
            cloud: {
                account?: string;
                provider?: string;
                region?: string;
                resource?: string;
            };
            description?: string;
            dst_ip?: string;
            file: {
                md5?: string;
                name?: string;
                path?: string;
                sha1?: string;
                sha256?: string;
            };
            host: {
                id?: string;
                ip?: string;
                name?: string;
                os?: string;
            };
            id: string;
            labels: string[];
            mail: {
                body?: string;
                dkim?: string;
                dmarc?: string;
                from?: string;
                message_id?: string;
                reply_to?: string;
                spf?: string;
                subject?: string;
                to: string[];
                urls: string[];
            };
            observables: components["schemas"]["Observable"][];
            process: {
                command_line?: string;
                name?: string;
                parent?: string;
                path?: string;
                pid?: number;
            };
            product?: string;
            raw?: components["schemas"]["JSON"];
            /** Format: date-time */
            received_at: string;
            rule: {
                groups: string[];
                id?: string;
                level?: number;
                name?: string;
            };
            /** @description As its source sent it */
            severity: components["schemas"]["Severity"];
            source: string;
            source_id?: string;
            src_ip?: string;
            state?: components["schemas"]["AlertState"];
            /** Format: date-time */
            time: string;
            title: string;
            url?: string;
            user: {
                domain?: string;
                email?: string;
                name?: string;
                uid?: string;
            };
            vendor?: string;
        };
        AlertChange: {
            alert_id: string;
            /** Format: date-time */
            at: string;
            by: string;
            classification?: string;
            reason: string;
            run_id?: string;
            severity?: components["schemas"]["Severity"];
            /** @enum {string} */
            status?: "open" | "closed";
        };
        AlertList: {
            items: components["schemas"]["Alert"][];
            next: string;
        };
        AlertState: {
            /** Format: date-time */
            at?: string;
            /** @description Who made the last change, a person or playbook */
            by?: string;
            classification?: string;
            /** @description Of the last change */
            reason?: string;
            /** @description Whose call made the last change */
            run_id?: string;
            /** @description As it is now */
            severity: components["schemas"]["Severity"];
            /** @enum {string} */
            status: "open" | "closed";
        };
        AlertWithRuns: {
            alert: components["schemas"]["Alert"];
            /** @description What has been made of it, the oldest first */
            changes: components["schemas"]["AlertChange"][];
            runs: components["schemas"]["Run"][];
        };
        Analysis: {
            diagnostics: components["schemas"]["Diagnostic"][];
            /** @description The plan's digest; empty without a plan */
            digest: string;
            graph: components["schemas"]["Graph"] | null;
            /** @description It compiles */
            ok: boolean;
            plan: components["schemas"]["Plan"] | null;
            /** @description What the plan would be, where missing approvals are all that is wrong; nothing runs it */
            sketch: components["schemas"]["Plan"] | null;
            symbols: components["schemas"]["Symbol"][];
        };
        Approval: {
            alert_id?: string;
            calls: components["schemas"]["ApprovalCall"][];
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            deadline: string;
            decision?: components["schemas"]["Decision"];
            digest: string;
            escalated: boolean;
            evidence: components["schemas"]["Evidence"][];
            form?: components["schemas"]["FormField"][];
            id: string;
            /**
             * @description Consent to calls, or a form to fill in
             * @enum {string}
             */
            kind: "approval" | "ask";
            /** @description You may decide it now */
            may_decide: boolean;
            message?: string;
            not_user?: string;
            /** @enum {string} */
            on_timeout: "deny" | "escalate" | "fail" | "continue";
            playbook: string;
            /** @description How many different people must say yes; absent is one */
            quorum?: number;
            /** Format: date-time */
            reminded_at?: string;
            reminders?: number;
            role: string;
            run_id: string;
            severity?: components["schemas"]["Severity"];
            status: components["schemas"]["ApprovalStatus"];
            step: string;
            title: string;
            /** @description The run's last verdict when people were asked: malicious, suspicious, benign or inconclusive */
            verdict?: string;
            /** @description The yeses so far, where a quorum is needed */
            votes?: components["schemas"]["Vote"][];
            /** @description Why you may not */
            why_not?: string;
        };
        ApprovalCall: {
            arguments: components["schemas"]["JSON"];
            connection: string;
            digest: string;
            /** @description The arguments that the approver may change */
            edit?: {
                argument: string;
                schema?: components["schemas"]["JSON"];
            }[];
            operation: string;
            origins: {
                argument: string;
                /** @description The expression, or `literal` */
                from: string;
                /** @description Who can have written it */
                labels?: string[];
                untrusted: boolean;
            }[];
            step: string;
            title?: string;
        };
        ApprovalList: {
            items: components["schemas"]["Approval"][];
            next: string;
        };
        /** @enum {string} */
        ApprovalStatus: "pending" | "approved" | "denied" | "expired";
        AskAgain: {
            /** @description Instead of the step's */
            prompt?: string;
            provider: string;
            /** @description Path of the model step */
            step: string;
        };
        AskedAgain: {
            now: components["schemas"]["JSON"];
            then: components["schemas"]["JSON"];
        };
        Attempt: {
            attempt: number;
            /** @description The outcome was read back from the vendor after a crash */
            confirmed?: boolean;
            /** @description The id of the decision that released the call */
            decision?: string;
            /** @description Of operation, connection and arguments */
            digest?: string;
            /** Format: date-time */
            ended?: string;
            error?: components["schemas"]["StepError"];
            input?: components["schemas"]["JSON"];
            model?: components["schemas"]["ModelCall"];
            output?: components["schemas"]["JSON"];
            /** Format: date-time */
            started?: string;
            /** @enum {string} */
            status: "running" | "ok" | "failed" | "unknown";
        };
        AuditReport: {
            /**
             * Format: int64
             * @description How many archived histories were verified
             */
            archived: number;
            /** Format: date-time */
            checked_at: string;
            /**
             * Format: int64
             * @description How many entries were verified, up to the first bad one
             */
            entries: number;
            /**
             * Format: int64
             * @description The seq of the first entry that is wrong
             */
            first_bad?: number;
            /** @description Digest of the last verified entry: note it down to compare later */
            head: string;
            /** @description Of the first bad entry */
            key?: string;
            /** @description Of the first bad entry */
            kind?: string;
            ok: boolean;
            /** @description Of the first bad entry */
            run_id?: string;
            /** @description The head's signature was verified, so that a cut-off tail would have shown */
            signed: boolean;
            why?: string;
        };
        BacktestReport: {
            /** @description Alerts of the period that started no run and would start the new version */
            also_starts: number;
            /** @description Of the version that was tested */
            digest: string;
            playbook: string;
            runs: components["schemas"]["BacktestRun"][];
            /** Format: date-time */
            since: string;
            starts: {
                id: string;
                source: string;
                title: string;
            }[];
            totals: {
                changed: number;
                left_out: number;
                runs: number;
                same: number;
                /** @description The new version asks for something that the record does not have */
                unanswerable: number;
            };
            /** @description There are older runs in the period */
            truncated?: boolean;
        };
        BacktestRequest: {
            /** @description Of runs, the newest first; 200 unless given */
            limit?: number;
            /**
             * Format: date-time
             * @description 30 days ago unless given
             */
            since?: string;
            /** @description The playbook as it stands unless given */
            source?: string;
        };
        BacktestRun: {
            alert_id?: string;
            alert_title?: string;
            assumed: string[];
            changes: {
                name: string;
                new?: string;
                /** @enum {string} */
                of: "start" | "status" | "verdict" | "approval" | "action" | "output";
                old?: string;
            }[];
            /** Format: date-time */
            created_at: string;
            /** @description Of the version that ran then */
            plan_digest: string;
            /** @description What the record can't answer */
            questions: {
                kind: string;
                step: string;
                text: string;
            }[];
            /** @enum {string} */
            result: "same" | "changed" | "unanswerable" | "left_out";
            run_id: string;
            /** @description As it was */
            status: string;
            verdict?: string;
            /** @description Why it was left out */
            why?: string;
        };
        Because: {
            reason: string;
        };
        Change: {
            /** @description A stable word, such as approval.removed */
            kind: string;
            new?: string;
            new_line?: number;
            old?: string;
            old_line?: number;
            sentence: string;
            /** @enum {string} */
            severity: "safety" | "behaviour" | "cosmetic";
            step?: string;
        };
        ChangeAlert: {
            /**
             * @description With the status closed
             * @enum {string}
             */
            classification?: "true_positive" | "benign_true_positive" | "false_positive";
            reason: string;
            severity?: components["schemas"]["Severity"];
            /** @enum {string} */
            status?: "open" | "closed";
        };
        Checked: {
            diagnostics: components["schemas"]["Diagnostic"][];
            /** @description No diagnostic is an error */
            ok: boolean;
        };
        Compared: {
            changes: components["schemas"]["Change"][];
            /** @description Both versions compile; otherwise only their texts are compared */
            compared: boolean;
            new: components["schemas"]["Diagnostic"][];
            old: components["schemas"]["Diagnostic"][];
            /** @description The difference of the texts as a unified diff; empty for none */
            text: string;
        };
        Comparison: {
            new: components["schemas"]["Version"];
            old: components["schemas"]["Version"];
        };
        Compiled: {
            diagnostics: components["schemas"]["Diagnostic"][];
            /** @description The plan's digest; empty without a plan */
            digest: string;
            ok: boolean;
            plan: components["schemas"]["Plan"] | null;
        };
        Completion: {
            /** @description Its type, or what it takes */
            detail: string;
            doc?: string;
            /** @description The text that takes the place of the range */
            insert: string;
            kind: string;
            label: string;
            range: components["schemas"]["Range"];
        };
        CompletionList: {
            items: components["schemas"]["Completion"][];
            next: string;
        };
        Connection: {
            base_url: string;
            connector: string;
            name: string;
            /** @description It leads to the demo's sandbox and not to a real system */
            sandbox: boolean;
            title?: string;
        };
        ConnectionList: {
            items: components["schemas"]["Connection"][];
            next: string;
        };
        Counts: {
            /** @description Alerts with a run that is not over */
            alerts_open: number;
            /** @description Pending */
            approvals: number;
            /** @description Pending, and yours to decide */
            approvals_mine: number;
            /** @description Queued, running or waiting */
            runs_open: number;
        };
        Coverage: {
            branches: number;
            branches_reached: number;
            file: string;
            percent: number;
            playbook: string;
            points: {
                hits: number;
                /** @enum {string} */
                kind: "step" | "branch";
                line: number;
                step: string;
                what: string;
            }[];
            steps: number;
            steps_reached: number;
        };
        CoverageFigures: {
            branches: number;
            branches_reached: number;
            percent: number;
            steps: number;
            steps_reached: number;
        };
        Credentials: {
            name: string;
            /** Format: password */
            password: string;
        };
        Decide: {
            /** @description Of a form, by field */
            answers?: {
                [key: string]: components["schemas"]["JSON"];
            };
            /** @description The approval's digest as it was shown */
            digest: string;
            /** @description By step path and argument: new values */
            edited?: {
                [key: string]: {
                    [key: string]: components["schemas"]["JSON"];
                };
            };
            /** @enum {string} */
            outcome: "approved" | "denied";
            reason?: string;
        };
        DecideFact: {
            reason: string;
            /** @enum {string} */
            status: "approved" | "rejected" | "revoked";
        };
        Decision: {
            answers?: components["schemas"]["JSON"];
            approval_id: string;
            /** Format: date-time */
            at: string;
            by: string;
            calls: string[];
            digest: string;
            edited?: components["schemas"]["EditedCalls"];
            id: string;
            /** @enum {string} */
            outcome: "approved" | "denied" | "expired";
            reason?: string;
            run_id: string;
            signature?: string;
            votes?: components["schemas"]["Vote"][];
        };
        Definition: {
            /** @description The playbook that is called there; empty for none */
            playbook: string;
            range: components["schemas"]["Range"] | null;
        };
        Diagnostic: {
            code: string;
            /** @description From 1, in Unicode characters */
            column: number;
            end_column: number;
            end_line: number;
            file: string;
            fixes?: components["schemas"]["Fix"][];
            help?: string;
            /** @description From 1 */
            line: number;
            message: string;
            /** @enum {string} */
            severity: "error" | "warning";
            /** @description Of a step that can be reached without an approval: one way there, as ids of steps */
            way?: string[];
        };
        /** @description Replaces a range of the text, which is empty where it only inserts */
        Edit: {
            /** @description From 1, in Unicode characters */
            column: number;
            /** @description Of the place behind the last character */
            end_column: number;
            end_line: number;
            /** @description From 1 */
            line: number;
            text: string;
        };
        /** @description By step path: the whole arguments of a call that was changed */
        EditedCalls: {
            [key: string]: components["schemas"]["JSON"];
        };
        Edits: {
            edits: components["schemas"]["Edit"][];
        };
        /** @description The `data` of a server-sent event */
        Event: {
            alert_id: string;
            kind: string;
            run_id: string;
            /** Format: int64 */
            seq: number;
            step: string;
        };
        Evidence: {
            data: components["schemas"]["JSON"];
            id: string;
            title?: string;
            untrusted: boolean;
        };
        Fact: {
            /** Format: date-time */
            decided_at?: string;
            decided_by?: string;
            /** Format: date-time */
            expires_at: string;
            id: string;
            /** @description Who answers for it */
            owner: string;
            /** Format: date-time */
            proposed_at: string;
            /** @description A person, or `playbook` */
            proposed_by: string;
            /** @description Of the decision */
            reason?: string;
            run_id?: string;
            /** @description Where it is known from */
            source: string;
            /** @enum {string} */
            status: "proposed" | "approved" | "rejected" | "revoked";
            text: string;
            /** @enum {string} */
            type: "user" | "email" | "host" | "ip" | "domain" | "url" | "hash" | "file" | "other";
            /** @description The entity */
            value: string;
        };
        FactList: {
            items: components["schemas"]["Fact"][];
            next: string;
        };
        Feedback: {
            /** @description The verdict is right */
            agrees?: boolean;
            /** @enum {string} */
            classification?: "true_positive" | "benign_true_positive" | "false_positive" | "undetermined";
            /** @description Needed unless one agrees */
            reason?: string;
            /** @description The path of the step that gave the verdict */
            step: string;
            /**
             * @description The one that is right
             * @enum {string}
             */
            verdict?: "malicious" | "suspicious" | "benign" | "inconclusive";
        };
        FieldError: {
            detail: string;
            /** @description RFC 6901 pointer into the request's body */
            pointer: string;
        };
        /** @description A change of the text that can be applied as it stands */
        Fix: {
            edits: components["schemas"]["Edit"][];
            title: string;
        };
        FormattedText: {
            source: string;
        };
        FormField: {
            default?: components["schemas"]["JSON"];
            name: string;
            options?: string[];
            required?: boolean;
            title?: string;
            /** @enum {string} */
            type: "text" | "number" | "boolean" | "choice" | "choices" | "date";
        };
        /** @description The plan as nodes, in the order of the source, and what runs after what */
        Graph: {
            edges: components["schemas"]["GraphEdge"][];
            name: string;
            nodes: components["schemas"]["GraphNode"][];
            title?: string;
        };
        GraphEdge: {
            from: string;
            /** @enum {string} */
            kind: "next" | "branch" | "back" | "error" | "releases";
            label?: string;
            to: string;
        };
        GraphNode: {
            /** @description Of a consequential action: the steps that release it */
            approvals?: string[];
            /** @description Of an approval: the steps that it releases */
            covers?: string[];
            /** @description What the step does: the operation, the playbook, the condition of a loop */
            detail?: string;
            effect?: string;
            id: string;
            if?: string;
            /** @enum {string} */
            kind: "start" | "end" | "step" | "block";
            line?: number;
            /** @description The block that it is in; none is the playbook */
            parent?: string;
            /** @description The step that it is, or is a block of */
            step?: string;
            title?: string;
            verb?: string;
        };
        Health: {
            problems?: string[];
            /** @enum {string} */
            status: "ok" | "starting" | "failing";
            version: string;
        };
        Hit: {
            /** Format: date-time */
            at?: string;
            detail?: string;
            /** @description Of what was found; the name of a playbook */
            id: string;
            /** @enum {string} */
            kind: "alert" | "run" | "approval" | "fact" | "playbook";
            title: string;
        };
        HitList: {
            /** @description By kind, the newest first */
            items: components["schemas"]["Hit"][];
            next: string;
        };
        HoverAnswer: {
            hover: {
                range: components["schemas"]["Range"];
                /** @description Markdown */
                text: string;
            } | null;
        };
        ImportedPlaybook: {
            diagnostics: components["schemas"]["Diagnostic"][];
            name: string;
            report: {
                /** @description The way out */
                do: string;
                /** @description JSON Pointer (RFC 6901) into the document */
                pointer: string;
                what: string;
                /** @description Why it has no counterpart */
                why: string;
            }[];
            source: string;
        };
        ImportPlaybook: {
            /** @description The document's JSON as text */
            document: string;
            /** @description Who answers for the playbook; a CACAO document has an id only */
            owner?: string;
        };
        /** @description Any JSON value */
        JSON: unknown;
        Judgement: {
            agrees: boolean;
            alert_id?: string;
            /** Format: date-time */
            at: string;
            by: string;
            classification: string;
            /** @description As stated, 0 to 1 */
            confidence?: number;
            model?: string;
            playbook: string;
            prompt_digest?: string;
            provider: string;
            reason?: string;
            /** @description The verdict that is right */
            right: string;
            right_classification: string;
            rule?: string;
            rule_name?: string;
            run_id: string;
            source?: string;
            step: string;
            /** @description What was judged */
            verdict: string;
        };
        JudgementList: {
            items: components["schemas"]["Judgement"][];
            next: string;
        };
        LedgerEntry: {
            actor?: string;
            alert_id?: string;
            /** Format: date-time */
            at: string;
            attempt?: number;
            body: components["schemas"]["JSON"];
            digest: string;
            key: string;
            kind: string;
            prev: string;
            run_id?: string;
            /** Format: int64 */
            seq: number;
            step?: string;
        };
        LedgerList: {
            items: components["schemas"]["LedgerEntry"][];
            next: string;
        };
        /** @description A figure with its bootstrap interval; null where it is not defined */
        Measure: {
            interval?: {
                high: number;
                low: number;
            };
            value: number | null;
        };
        Measured: {
            comparison?: {
                balanced_accuracy_decided_difference: components["schemas"]["Measure"];
                balanced_accuracy_overall_difference: components["schemas"]["Measure"];
                names: string[];
                only_first_right: number;
                only_second_right: number;
                /** @description McNemar's exact test */
                p_value: number;
                usd_per_alert_difference: number | null;
            };
            reports: components["schemas"]["MeasuredReport"][];
            set: {
                all: number;
                held: number;
                name: string;
                seed: number;
                split: number;
                train: number;
            };
        };
        MeasuredReport: {
            baselines: {
                accuracy: components["schemas"]["Rate"];
                balanced_accuracy: components["schemas"]["Measure"];
                false_positive_rate: components["schemas"]["Rate"];
                mcc: components["schemas"]["Measure"];
                name: string;
                note?: string;
                recall: components["schemas"]["Rate"];
            }[];
            benign: number;
            calibration: {
                bins: {
                    accuracy: number;
                    confidence: number;
                    count: number;
                    high: number;
                    low: number;
                }[] | null;
                brier: number | null;
                ece: number | null;
            };
            cases: number;
            citations: components["schemas"]["Rate"];
            classification: {
                abstained: components["schemas"]["Rate"];
                accuracy: components["schemas"]["Rate"];
                balanced_accuracy_decided: components["schemas"]["Measure"];
                balanced_accuracy_overall: components["schemas"]["Measure"];
                closed_rate: components["schemas"]["Rate"];
                failed: components["schemas"]["Rate"];
                false_positive_rate: components["schemas"]["Rate"];
                mcc_decided: components["schemas"]["Measure"];
                missed: components["schemas"]["Rate"];
                recall: components["schemas"]["Rate"];
            };
            /** @description By label */
            confusion: {
                [key: string]: {
                    benign: number;
                    failed: number;
                    inconclusive: number;
                    malicious: number;
                    suspicious: number;
                };
            };
            cost: {
                answers: number;
                latency_p50_ms: number;
                latency_p95_ms: number;
                tokens_per_alert: number;
                usd: number | null;
                usd_per_alert: number | null;
            };
            groups: number;
            malicious: number;
            mistakes: {
                group: string;
                label: string;
                line: number;
                summary: string;
                title: string;
                verdict: string;
            }[];
            name: string;
            rules: {
                abstained: number;
                accuracy: components["schemas"]["Rate"];
                cases: number;
                false_alarms: number;
                malicious: number;
                missed: number;
                right: number;
                rule: string;
            }[];
            selective: {
                aurc: number | null;
                curve: {
                    confidence: number;
                    coverage: number;
                    risk: number;
                }[] | null;
            };
            stability: {
                injected: components["schemas"]["Rate"];
                injected_benign: components["schemas"]["Rate"];
                repeated: components["schemas"]["Rate"];
            };
        };
        MeasureRequest: {
            /** @description A second provider */
            against?: string;
            /** @description JSON Lines, as docs/eval.md says */
            alerts?: string;
            /** @description Ask again with text in the alert that asks for a benign verdict */
            inject?: boolean;
            limit?: number;
            provider: string;
            repeats?: number;
            /**
             * @description Of the split; the same seed leaves out the same groups
             * @default 1
             */
            seed: number;
            /**
             * @description The alerts that people have judged, those that come with Picket, or `alerts`
             * @enum {string}
             */
            set: "judged" | "sample" | "upload";
            /**
             * @description The kind of the alerts in lines that name none; wazuh unless given
             * @enum {string}
             */
            source?: "wazuh" | "generic" | "defender" | "guardduty";
            /**
             * @description Share of the alerts, by group, that is left out: those that a prompt was written with
             * @default 0
             */
            split: number;
        };
        ModelBudget: {
            /**
             * Format: int64
             * @description 0 is no limit
             */
            day_tokens: number;
            /** @description 0 is no limit */
            day_usd: number;
            /**
             * Format: date-time
             * @description When it begins anew
             */
            frees: string;
            /** @description Left out for the budget of all playbooks together */
            playbook?: string;
            /**
             * Format: int64
             * @description Used today
             */
            tokens: number;
            /** @description Spent today */
            usd: number;
        };
        ModelCall: {
            /** @description Exactly what was received */
            answer?: string;
            cost_usd: number;
            model: string;
            /** @description The cost, or a part of it, is not known */
            no_price?: boolean;
            output?: components["schemas"]["JSON"];
            /** @description Of a turn of an agent: what was wrong with its answer */
            problem?: string;
            prompt: string;
            provider: string;
            /** @description Of a turn of an agent: what the model said, and the tools that it wanted */
            reply?: {
                calls?: {
                    arguments: components["schemas"]["JSON"];
                    id: string;
                    name: string;
                }[];
                text?: string;
            } & {
                [key: string]: unknown;
            };
            request?: components["schemas"]["JSON"];
            system: string;
            tokens_in: number;
            tokens_out: number;
            /** @description Of a chain or a committee: everyone that was asked */
            tried?: components["schemas"]["ModelTried"][];
        };
        ModelProvider: {
            /** Format: date-time */
            failed_at?: string;
            /** @description In a row */
            failures: number;
            last_error?: string;
            name: string;
            /**
             * @description closed: it is asked; open: it has failed and is left alone; half-open: one request tries it
             * @enum {string}
             */
            state: "closed" | "open" | "half-open";
            /**
             * Format: date-time
             * @description Until when it is left alone
             */
            until?: string;
        };
        Models: {
            budgets: components["schemas"]["ModelBudget"][];
            /** @description The providers of a step that names none, in the order in which they are asked */
            default: string[];
            /** @description All that can be asked, chains and committees among them */
            names: string[];
            providers: components["schemas"]["ModelProvider"][];
        };
        ModelTried: {
            answered?: boolean;
            /** @description Left out where it is not known */
            cost_usd?: number;
            /** @description The kind of the error where it did not answer */
            kind?: string;
            latency_ms?: number;
            message?: string;
            model?: string;
            provider: string;
            tokens_in?: number;
            tokens_out?: number;
            /** @description Of a committee's member */
            verdict?: string;
        };
        ModelUsage: {
            /** @description Of the requests whose price is known */
            cost_usd: number;
            /** Format: int64 */
            failed: number;
            /** @description A day such as 2026-01-31, or a name */
            key: string;
            /** Format: int64 */
            requests: number;
            /** Format: int64 */
            tokens_in: number;
            /** Format: int64 */
            tokens_out: number;
            /**
             * Format: int64
             * @description Requests whose cost is not known
             */
            unpriced: number;
        };
        ModelUsageList: {
            items: components["schemas"]["ModelUsage"][];
            next: string;
        };
        Observable: {
            role?: string;
            type: string;
            value: string;
        };
        Operation: {
            /** @description Whether it took effect can be read back */
            confirm: boolean;
            connector: string;
            /** @enum {string} */
            effect: "read" | "write" | "consequential";
            input: components["schemas"]["JSON"];
            local: boolean;
            /** @description connector.operation */
            name: string;
            output: components["schemas"]["JSON"];
            timeout_ms: number;
            title: string;
            /** @description Its output may hold an attacker's text */
            untrusted: boolean;
        };
        OperationList: {
            items: components["schemas"]["Operation"][];
            next: string;
        };
        PlaceInText: {
            /** @description From 1, in Unicode characters */
            column: number;
            /** @description From 1 */
            line: number;
            source: string;
        };
        /** @description A compiled playbook */
        Plan: {
            attack?: string[];
            budget?: {
                [key: string]: unknown;
            };
            cost?: {
                [key: string]: unknown;
            };
            inputs?: components["schemas"]["PlanInput"][];
            key?: components["schemas"]["JSON"];
            labels?: string[];
            name: string;
            outputs?: {
                [key: string]: unknown;
            }[];
            /** @enum {string} */
            overlap?: "queue" | "skip" | "join" | "cancel_running";
            owner: string;
            /** @description SHA-256 of the playbook's text, hex */
            source: string;
            steps: components["schemas"]["PlanStep"][] | null;
            /** @description Milliseconds */
            timeout?: number;
            title?: string;
            triggers: components["schemas"]["PlanTrigger"][] | null;
            version: number;
        };
        PlanInput: {
            default?: components["schemas"]["JSON"];
            name: string;
            required?: boolean;
            /** @enum {string} */
            type: "string" | "number" | "integer" | "boolean" | "array" | "object";
        } & {
            [key: string]: unknown;
        };
        PlanStep: {
            action?: {
                approvals?: string[];
                connection?: string;
                /** @enum {string} */
                effect: "read" | "write" | "consequential";
                local?: boolean;
                operation: string;
                origins?: {
                    [key: string]: unknown;
                }[];
                with?: components["schemas"]["JSON"];
            };
            agent?: {
                budget?: {
                    [key: string]: unknown;
                };
                digest?: string;
                evidence?: {
                    [key: string]: unknown;
                }[] | null;
                goal?: components["schemas"]["JSON"];
                instructions?: string;
                max_turns: number;
                missing?: string[];
                not_requester?: boolean;
                provider?: string;
                quorum?: number;
                returns: string;
                role?: string;
                schema?: components["schemas"]["JSON"];
                tools: {
                    connection?: string;
                    /** @enum {string} */
                    effect: "read" | "write" | "consequential";
                    input?: components["schemas"]["JSON"];
                    operation: string;
                    /** @description Milliseconds */
                    timeout?: number;
                    title?: string;
                    untrusted?: boolean;
                }[];
                use?: string;
                /** @description Milliseconds */
                within?: number;
            };
            approve?: {
                covers: string[] | null;
                edit?: {
                    [key: string]: unknown;
                }[];
                escalate_to?: string;
                evidence?: string[];
                message?: components["schemas"]["JSON"];
                not_requester?: boolean;
                on_deny?: string;
                on_timeout: string;
                quorum?: number;
                /** @description Milliseconds */
                remind?: number;
                role: string;
                title?: components["schemas"]["JSON"];
                /** @description Milliseconds */
                within: number;
            };
            ask?: {
                escalate_to?: string;
                evidence?: string[];
                fields: {
                    [key: string]: unknown;
                }[] | null;
                message?: components["schemas"]["JSON"];
                on_timeout: string;
                role: string;
                title?: components["schemas"]["JSON"];
                /** @description Milliseconds */
                within: number;
            };
            call?: {
                detached?: boolean;
                digest: string;
                inputs?: {
                    [key: string]: unknown;
                }[];
                playbook: string;
            };
            choose?: {
                branches: {
                    steps: components["schemas"]["PlanStep"][] | null;
                    when: string;
                }[] | null;
                else?: components["schemas"]["PlanStep"][];
            };
            foreach?: {
                as: string;
                at_once: number;
                items: string;
                steps: components["schemas"]["PlanStep"][] | null;
            };
            group?: number;
            id: string;
            if?: string;
            line: number;
            model?: {
                evidence?: {
                    [key: string]: unknown;
                }[] | null;
                missing?: string[];
                prompt?: components["schemas"]["JSON"];
                provider?: string;
                returns: string;
                schema?: components["schemas"]["JSON"];
            };
            on_error?: string;
            parallel?: {
                branches: {
                    name: string;
                    steps: components["schemas"]["PlanStep"][] | null;
                }[] | null;
                on_failure: string;
                wait: string;
            };
            repeat?: {
                at_most: number;
                /** @description Milliseconds */
                every?: number;
                steps: components["schemas"]["PlanStep"][] | null;
                until?: string;
                while?: string;
            };
            retry?: {
                [key: string]: unknown;
            };
            set?: {
                [key: string]: unknown;
            }[];
            stop?: {
                reason?: components["schemas"]["JSON"];
                status: string;
            };
            timeout?: number;
            title?: string;
            try?: {
                catch?: components["schemas"]["PlanStep"][];
                finally?: components["schemas"]["PlanStep"][];
                steps: components["schemas"]["PlanStep"][] | null;
            };
            /** @enum {string} */
            verb: "action" | "set" | "choose" | "parallel" | "foreach" | "repeat" | "wait" | "call" | "model" | "agent" | "approve" | "ask" | "try" | "stop";
            wait?: {
                event?: {
                    sources?: string[];
                    uses?: string[];
                    when?: string;
                };
                /** @description Milliseconds */
                for?: number;
                on_timeout?: string;
                until?: components["schemas"]["JSON"];
                /** @description Milliseconds */
                within?: number;
            };
        };
        PlanTrigger: {
            cron?: string;
            /** @description Milliseconds */
            every?: number;
            inputs?: {
                [key: string]: unknown;
            }[];
            /** @enum {string} */
            kind: "alert" | "manual" | "schedule" | "undo";
            source?: string;
            timezone?: string;
            when?: string;
        };
        Playbook: {
            attack: string[];
            /** @description The number of consequential steps */
            consequential: number;
            /** @description The plan's digest; absent when it does not compile */
            digest?: string;
            /** @description No version of it runs; what is shown is the newest */
            draft: boolean;
            errors: number;
            file: string;
            labels: string[];
            name: string;
            /** @description The newest saved version; 0 is none */
            newest: number;
            owner: string;
            /** @description There is a file of it to go back to */
            shipped: boolean;
            /** @description The number of steps */
            steps: number;
            title: string;
            triggers: components["schemas"]["PlanTrigger"][];
            /** @description The version that runs are started with; 0 is the file */
            version: number;
            warnings: number;
        };
        PlaybookDetail: {
            diagnostics: components["schemas"]["Diagnostic"][];
            /** @description Null when it does not compile */
            plan: components["schemas"]["Plan"] | null;
            playbook: components["schemas"]["Playbook"];
            shadow?: components["schemas"]["Shadow"];
            source: string;
            /** @description In the form of `*.test.yaml`; empty for none */
            tests: string;
        };
        PlaybookList: {
            items: components["schemas"]["Playbook"][];
            next: string;
        };
        PlaybookText: {
            /** @description A name for diagnostics; `playbook.yaml` unless given */
            file?: string;
            source: string;
        };
        PlaybookVersion: {
            /** Format: date-time */
            at: string;
            author: string;
            /** @description The version that it was written from; 0 is the file, or nothing */
            base: number;
            /** @description SHA-256 of source and tests, hex */
            digest: string;
            message: string;
            number: number;
            playbook: string;
            /** @description Left out of lists */
            source?: string;
            /** @description In the form of `*.test.yaml`; left out of lists */
            tests?: string;
        };
        Problem: {
            detail?: string;
            errors?: components["schemas"]["FieldError"][];
            /** @description The request's id */
            instance?: string;
            status: number;
            title: string;
            /** @description `about:blank`: the status says what it is */
            type: string;
        };
        Proposal: {
            cost_usd: number;
            expression?: string;
            model: string;
            name: string;
            /** @description The cost, or a part of it, is not known */
            no_price: boolean;
            /** @description It compiles and its tests pass */
            ok: boolean;
            provider: string;
            rounds: {
                diagnostics: components["schemas"]["Diagnostic"][];
                failures: string[];
                /** @description Empty where the answer could be read */
                problem: string;
                source: string;
            }[];
            source: string;
            /** @description What it does, in the model's words */
            summary: string;
            tests: string;
            tokens_in: number;
            tokens_out: number;
        };
        ProposeFact: {
            /** @description After which it expires */
            days: number;
            /** @description The proposer unless given */
            owner?: string;
            source: string;
            text: string;
            /** @enum {string} */
            type: "user" | "email" | "host" | "ip" | "domain" | "url" | "hash" | "file" | "other";
            value: string;
        };
        Publication: {
            /** Format: date-time */
            at: string;
            by: string;
            playbook: string;
            reason: string;
            /** @description 0 is the file */
            version: number;
        };
        PublishVersion: {
            reason: string;
            version: number;
        };
        Range: {
            /** @description From 1, in Unicode characters */
            column: number;
            /** @description Of the place behind the last character */
            end_column: number;
            end_line: number;
            /** @description From 1 */
            line: number;
        };
        RangeList: {
            items: components["schemas"]["Range"][];
            next: string;
        };
        /** @description A proportion with its 95 % interval (Wilson); of none it says nothing */
        Rate: {
            count: number;
            interval?: {
                high: number;
                low: number;
            };
            of: number;
            value: number | null;
        };
        Recommendation: {
            /** @description Of the recommendation, from 0 */
            number: number;
            reason: string;
            /** @description Path of the step that gave the verdict */
            step: string;
        };
        Renaming: {
            column: number;
            line: number;
            /** @description The step's id to be */
            name: string;
            source: string;
        };
        Replayed: {
            events: number;
            histories: number;
            problem?: string;
            /** @description The code of today does what the histories say */
            same: boolean;
            took_ms: number;
        };
        Rerun: {
            /** @description Id of the step that it begins with, with the version of then; from the beginning unless given */
            from?: string;
            /** @description Inputs in the place of those that the run was started with */
            inputs?: {
                [key: string]: unknown;
            };
            /**
             * @description The playbook as the run had it, or as it is used now
             * @default then
             * @enum {string}
             */
            version: "then" | "now";
        };
        Run: {
            alert_id?: string;
            alert_title?: string;
            /** @description Digest of the archived history */
            archive?: string;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            ended_at?: string;
            id: string;
            outputs?: components["schemas"]["JSON"];
            /** @description The run that called this one, or that this one undoes */
            parent_id?: string;
            plan_digest: string;
            playbook: string;
            reason?: string;
            requested_by?: string;
            severity?: components["schemas"]["Severity"];
            /** @description It only records some consequential calls, or all */
            shadow?: boolean;
            /** Format: date-time */
            started_at?: string;
            status: components["schemas"]["RunStatus"];
            temporal_run_id: string;
            /**
             * @description What started it
             * @enum {string}
             */
            trigger?: "alert" | "manual" | "schedule" | "call" | "undo" | "recommended";
            /** @description malicious, suspicious, benign or inconclusive */
            verdict?: string;
            workflow_id: string;
        };
        RunEvent: {
            /** Format: date-time */
            at: string;
            cut?: boolean;
            /** @description The event as Temporal's JSON, or the beginning of it as a text where it was cut */
            data?: unknown;
            /** @description From 1 */
            history: number;
            /** @description Within its history */
            id: number;
            /** @description Of the activity, workflow, signal or marker */
            name?: string;
            /** @description Over all histories of the run, from 1 */
            number: number;
            /** @description Path of the step that it belongs to */
            step?: string;
            type: string;
        };
        RunEventList: {
            items: components["schemas"]["RunEvent"][];
            next: string;
        };
        RunList: {
            items: components["schemas"]["Run"][];
            next: string;
        };
        RunPlan: {
            digest: string;
            plan: components["schemas"]["Plan"];
            /** @description The playbook's text */
            source: string;
        };
        /**
         * @description `skipped` and `joined`: another run had the key; in the second case it has been given the alert
         * @enum {string}
         */
        RunStatus: "queued" | "running" | "waiting" | "completed" | "failed" | "cancelled" | "timed_out" | "skipped" | "joined";
        SaveVersion: {
            base: number;
            /** @description What changed */
            message?: string;
            source: string;
            tests?: string;
        };
        Session: {
            authenticated: boolean;
            /** @description Send it as `X-Picket-CSRF`; empty when nobody is signed in or a token is used */
            csrf: string;
            /** @description The service runs with sample data and a sandbox */
            demo: boolean;
            /** Format: date-time */
            expires_at?: string;
            /** @description Nobody has set up the first administrator yet */
            setup: boolean;
            user?: components["schemas"]["Account"];
            version: string;
        };
        SetShadow: {
            operations?: string[];
            plan_digest?: string;
            reason: string;
        };
        Setup: {
            code: string;
            name: string;
            /** Format: password */
            password: string;
        };
        /** @enum {string} */
        Severity: "unknown" | "informational" | "low" | "medium" | "high" | "critical" | "fatal";
        Shadow: {
            /** Format: date-time */
            at: string;
            by: string;
            /** @description None is all */
            operations: string[];
            /** @description Absent is every version */
            plan_digest?: string;
            playbook: string;
            reason: string;
        };
        ShadowCall: {
            alert_id?: string;
            alert_title?: string;
            arguments: components["schemas"]["JSON"];
            /** Format: date-time */
            at: string;
            /** @description Who approved or denied it */
            by?: string;
            connection?: string;
            operation: string;
            /** Format: date-time */
            other_at?: string;
            /** @description The run in which it was done or denied */
            other_run?: string;
            /** @enum {string} */
            outcome: "done" | "denied" | "not_done" | "no_alert";
            run_id: string;
            step: string;
        };
        ShadowReport: {
            /** @description Share of the calls that were really done, of those that can be compared */
            agreement: number | null;
            calls: number;
            denied: number;
            done: number;
            items: components["schemas"]["ShadowCall"][];
            /** @description Calls of runs without an alert */
            no_alert: number;
            not_done: number;
            playbook: string;
            runs: number;
            /** Format: date-time */
            since: string;
            /** @description There are more runs than a report looks at */
            truncated: boolean;
        };
        StartPlaybook: {
            alert_id?: string;
            inputs?: {
                [key: string]: components["schemas"]["JSON"];
            };
        };
        StartRun: {
            playbook: string;
        };
        Step: {
            /** @description The id of the approval or form it waits or waited for */
            approval?: string;
            attempts: components["schemas"]["Attempt"][];
            /** @description Name or condition of the enclosing branch of a `parallel` or `choose`; `else`; `try`, `catch` or `finally` */
            branch?: string;
            caught?: components["schemas"]["StepError"];
            connection?: string;
            /** @description The approve steps that must release it */
            covered_by?: string[];
            /** @description The steps that an approve step releases */
            covers?: string[];
            decision?: components["schemas"]["Decision"];
            /** @enum {string} */
            effect?: "read" | "write" | "consequential";
            /** Format: date-time */
            ended?: string;
            error?: components["schemas"]["StepError"];
            /** @description Its time ran out */
            expired?: boolean;
            /** @description Of a `foreach` that collects: how many items failed */
            failed?: number;
            /** @description Reads with the same number run at once */
            group?: number;
            /** @description The step's id in the playbook */
            id: string;
            /** @description The step's condition */
            if?: string;
            input?: components["schemas"]["JSON"];
            /** @description Index of the item or round of the enclosing `foreach` or `repeat` */
            item?: number;
            /** @description Of a `foreach`: how many, or how many were begun while it runs */
            items?: number;
            /** @description Line in the playbook's text */
            line: number;
            model?: components["schemas"]["ModelCall"];
            operation?: string;
            output?: components["schemas"]["JSON"];
            /** @description Path of the enclosing step; empty at the top */
            parent: string;
            /** @description Unique in the run: `contain`, `lookup[3]/geo` */
            path: string;
            /** @description Why it was skipped, denied or stopped; which branch */
            reason?: string;
            reminders?: number;
            /** @description Of a `repeat`: how many were begun */
            rounds?: number;
            /** @description Of a `call`: the run it made */
            run_id?: string;
            /** @description Recorded, not done */
            shadow?: boolean;
            /** @description Of a loop: how many of its items stand in this list, if not all */
            shown?: number;
            /** @description What models cost here and inside, every attempt and every item of a loop counted; absent when none was asked */
            spent?: {
                calls: number;
                cost_usd: number;
                /** @description The cost, or a part of it, is not known */
                no_price?: boolean;
                tokens_in: number;
                tokens_out: number;
            };
            /** Format: date-time */
            started?: string;
            status: components["schemas"]["StepStatus"];
            title?: string;
            /** @description The call that would take this step back */
            undo?: {
                arguments: components["schemas"]["JSON"];
                connection?: string;
                /** @enum {string} */
                effect: "read" | "write" | "consequential";
                operation: string;
                role?: string;
            } & {
                [key: string]: unknown;
            };
            /** @description Path of the step that this one takes back */
            undoes?: string;
            /** @description Path of the step that took this one back */
            undone_by?: string;
            /** @enum {string} */
            verb: "action" | "set" | "choose" | "parallel" | "foreach" | "repeat" | "wait" | "call" | "model" | "agent" | "approve" | "ask" | "try" | "stop";
            votes?: components["schemas"]["Vote"][];
            /**
             * Format: date-time
             * @description Of a `wait`: until when
             */
            waited?: string;
        };
        StepError: {
            kind: string;
            message: string;
        };
        StepList: {
            items: components["schemas"]["Step"][];
            /** @description Always empty */
            next: string;
        };
        /**
         * @description `unknown` is a consequential call whose outcome is not known; `denied` an approval that was denied or expired
         * @enum {string}
         */
        StepStatus: "queued" | "running" | "waiting" | "ok" | "failed" | "skipped" | "denied" | "unknown" | "cancelled";
        Symbol: {
            children?: components["schemas"]["Symbol"][];
            /** @description Its verb, and what it calls */
            detail: string;
            name: string;
            range: components["schemas"]["Range"];
        };
        TestCall: {
            arguments: unknown;
            attempts: number;
            connection?: string;
            effect: string;
            error?: string;
            operation: string;
            output?: unknown;
            path: string;
            /** @description Recorded, not made */
            shadowed?: boolean;
            /** @description Nothing says what it would have answered */
            unanswered?: boolean;
        };
        TestCase: {
            failures: components["schemas"]["TestFailure"][];
            line: number;
            name: string;
            /** @enum {string} */
            result: "passed" | "failed";
            run: components["schemas"]["TestRun"];
            /** @description How much time passed in the run */
            skipped_ms: number;
            /** @description How long it took */
            took_ms: number;
            warnings: components["schemas"]["TestFailure"][];
        };
        Tested: {
            /** @description Both could be read and every case has passed */
            ok: boolean;
            report: components["schemas"]["TestReport"];
        };
        TestFailure: {
            column: number;
            diff?: string[];
            differences?: {
                got: string;
                path: string;
                want: string;
            }[];
            expected?: string;
            got?: string;
            line: number;
            message: string;
        };
        TestQuestion: {
            by?: string;
            calls?: string[];
            escalated?: boolean;
            form?: boolean;
            outcome?: string;
            path: string;
            role: string;
            title: string;
        };
        TestReport: {
            coverage: components["schemas"]["Coverage"][];
            failed: number;
            passed: number;
            suites: components["schemas"]["TestSuite"][];
            total: components["schemas"]["CoverageFigures"];
        };
        /** @description What happened in a case */
        TestRun: {
            asked: components["schemas"]["TestQuestion"][];
            calls: components["schemas"]["TestCall"][];
            outputs?: unknown;
            reason?: string;
            started: boolean;
            status?: string;
            steps: components["schemas"]["TestStep"][];
            verdict?: string;
        };
        TestStep: {
            /** @description Since the start of the run */
            at_ms: number;
            branch?: string;
            caught?: boolean;
            error?: string;
            escalated?: boolean;
            id: string;
            /** @description Its output is not here because those of the run are too large together */
            left_out?: boolean;
            outcome?: string;
            /** @description What later steps see of it */
            output?: unknown;
            path: string;
            playbook: string;
            reason?: string;
            status: string;
            title?: string;
            took_ms: number;
            undone?: boolean;
            verb: string;
        };
        TestSuite: {
            cases: components["schemas"]["TestCase"][];
            diagnostics: components["schemas"]["Diagnostic"][];
            file: string;
            playbook: string;
            snapshot?: string;
        };
        TrialText: {
            source: string;
            /** @description The text of a test file */
            tests: string;
        };
        /** @description Exactly one of: a text, the digest of a version that runs have had, the name of a playbook as it stands */
        Version: {
            digest?: string;
            playbook?: string;
            source?: string;
        };
        VersionHistory: {
            items: components["schemas"]["PlaybookVersion"][];
            publications: components["schemas"]["Publication"][];
            /** @description The version that runs are started with; 0 is the file and null is none */
            running: number | null;
        };
        Vote: {
            approval_id: string;
            /** Format: date-time */
            at: string;
            by: string;
            calls: string[];
            digest: string;
            edited?: components["schemas"]["EditedCalls"];
            id: string;
            reason?: string;
            run_id: string;
            signature?: string;
        };
        Wanted: {
            /** @enum {string} */
            kind: "playbook" | "change" | "expression";
            /** @description Of a new playbook; the model's choice unless given */
            name?: string;
            /** @description The default one unless given */
            provider?: string;
            range?: components["schemas"]["Range"];
            /** @description The playbook that is changed */
            source?: string;
            tests?: string;
            words: string;
        };
    };
    responses: {
        /** @description An RFC 9457 problem */
        Problem: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Who you are */
        Session: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Session"];
            };
        };
        /** @description Too many requests */
        TooMany: {
            headers: {
                /** @description Seconds */
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: {
        /** @description Required with a cookie; from `GET /v1/session` */
        CSRF: string;
        /** @description The `next` of the page before */
        Cursor: string;
        ID: string;
        IdempotencyKey: string;
        Limit: number;
        /** @description Of a playbook */
        Name: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ready */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Not ready */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    getActivity: {
        parameters: {
            query?: {
                days?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The days */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActivityList"];
                };
            };
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    listAgents: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The agents */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentList"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    getAgent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of a playbook */
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The agent */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentDetail"];
                };
            };
            404: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    publishAgentVersion: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path: {
                /** @description Of a playbook */
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PublishVersion"];
            };
        };
        responses: {
            /** @description What is published */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Publication"];
                };
            };
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    listAgentVersions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of a playbook */
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The history */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VersionHistory"];
                };
            };
            404: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    saveAgentVersion: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path: {
                /** @description Of a playbook */
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SaveVersion"];
            };
        };
        responses: {
            /** @description The version, without its texts */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaybookVersion"];
                };
            };
            403: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getAgentVersion: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of a playbook */
                name: components["parameters"]["Name"];
                number: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The version */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaybookVersion"];
                };
            };
            404: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    checkAgent: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PlaybookText"];
            };
        };
        responses: {
            /** @description What the compiler says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AgentChecked"];
                };
            };
            413: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    listAlerts: {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                cursor?: components["parameters"]["Cursor"];
                limit?: components["parameters"]["Limit"];
                /** @description Words in title, user, host or addresses */
                q?: string;
                severity?: components["schemas"]["Severity"];
                /** @description Received at or after this time */
                since?: string;
                source?: string;
                /** @description Open or closed; both unless given */
                status?: "open" | "closed";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertList"];
                };
            };
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getAlert: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The alert */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertWithRuns"];
                };
            };
            404: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    changeAlert: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeAlert"];
            };
        };
        responses: {
            /** @description The alert as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertWithRuns"];
                };
            };
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    startRun: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StartRun"];
            };
        };
        responses: {
            /** @description It will start */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    listApprovals: {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                cursor?: components["parameters"]["Cursor"];
                limit?: components["parameters"]["Limit"];
                run_id?: string;
                status?: components["schemas"]["ApprovalStatus"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApprovalList"];
                };
            };
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getApproval: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The approval */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
            404: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    decideApproval: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Decide"];
            };
        };
        responses: {
            /** @description The approval, decided */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getAuditReport: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The report */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditReport"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    verifyAudit: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The report */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditReport"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    listConnections: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The connections */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionList"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    getCounts: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The numbers */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Counts"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    getDiagnostic: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Such as P040 */
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/markdown": string;
                };
            };
            404: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    analysePlaybook: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PlaybookText"];
            };
        };
        responses: {
            /** @description Diagnostics, outline and graph */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Analysis"];
                };
            };
            413: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    completePlaybook: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PlaceInText"];
            };
        };
        responses: {
            /** @description The words */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CompletionList"];
                };
            };
            413: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    definitionInPlaybook: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PlaceInText"];
            };
        };
        responses: {
            /** @description Its place, or the playbook that is called there */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Definition"];
                };
            };
            413: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    formatPlaybook: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PlaybookText"];
            };
        };
        responses: {
            /** @description The text */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FormattedText"];
                };
            };
            413: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    hoverPlaybook: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PlaceInText"];
            };
        };
        responses: {
            /** @description It, or null */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HoverAnswer"];
                };
            };
            413: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    referencesInPlaybook: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PlaceInText"];
            };
        };
        responses: {
            /** @description The places */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RangeList"];
                };
            };
            413: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    renameStep: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Renaming"];
            };
        };
        responses: {
            /** @description The edits */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Edits"];
                };
            };
            413: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    streamEvents: {
        parameters: {
            query?: {
                after?: number;
                /** @description Only this run's entries */
                run_id?: string;
            };
            header?: {
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    listFacts: {
        parameters: {
            query?: {
                /** @description Part of what it says */
                q?: string;
                status?: "proposed" | "approved" | "rejected" | "revoked";
                type?: "user" | "email" | "host" | "ip" | "domain" | "url" | "hash" | "file" | "other";
                /** @description The entity, in letters of any case */
                value?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The facts */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FactList"];
                };
            };
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    proposeFact: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProposeFact"];
            };
        };
        responses: {
            /** @description The proposal */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Fact"];
                };
            };
            403: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    decideFact: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DecideFact"];
            };
        };
        responses: {
            /** @description The fact */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Fact"];
                };
            };
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    postHook: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                "X-Picket-Signature"?: string;
                "X-Picket-Timestamp"?: string;
                /** @description Taken as the idempotency key when there is none */
                "X-Request-Id"?: string;
            };
            path: {
                /** @description The name of a configured source */
                source: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["JSON"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"] | components["schemas"]["AcceptedList"];
                };
            };
            400: components["responses"]["Problem"];
            401: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            415: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["TooMany"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    listModels: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The providers and the budgets */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Models"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    listModelUsage: {
        parameters: {
            query?: {
                by?: "day" | "playbook" | "provider" | "model" | "run";
                playbook?: string;
                run?: string;
                since?: string;
                /** @description Not included */
                until?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The sums */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelUsageList"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    getOpenAPI: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The document */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/yaml": string;
                };
            };
        };
    };
    listOperations: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The operations */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationList"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    listPlaybooks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The playbooks */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaybookList"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    getPlaybook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of a playbook */
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The playbook */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaybookDetail"];
                };
            };
            404: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    backtestPlaybook: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BacktestRequest"];
            };
        };
        responses: {
            /** @description Each run as it was and as it would have been */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BacktestReport"];
                };
            };
            404: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    promotePlaybook: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path: {
                /** @description Of a playbook */
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Because"];
            };
        };
        responses: {
            /** @description It acts from its next run on */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    publishVersion: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path: {
                /** @description Of a playbook */
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PublishVersion"];
            };
        };
        responses: {
            /** @description What is published */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Publication"];
                };
            };
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    startPlaybook: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path: {
                /** @description Of a playbook */
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StartPlaybook"];
            };
        };
        responses: {
            /** @description It will start */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getShadow: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of a playbook */
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What it only records */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Shadow"];
                };
            };
            404: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    putShadow: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path: {
                /** @description Of a playbook */
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetShadow"];
            };
        };
        responses: {
            /** @description What it only records */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Shadow"];
                };
            };
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getShadowReport: {
        parameters: {
            query?: {
                /** @description Runs since then; 30 days unless given */
                since?: string;
            };
            header?: never;
            path: {
                /** @description Of a playbook */
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The report */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ShadowReport"];
                };
            };
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    listVersions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of a playbook */
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The history */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VersionHistory"];
                };
            };
            404: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    saveVersion: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path: {
                /** @description Of a playbook */
                name: components["parameters"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SaveVersion"];
            };
        };
        responses: {
            /** @description The version, without its texts */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaybookVersion"];
                };
            };
            403: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getVersion: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of a playbook */
                name: components["parameters"]["Name"];
                number: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The version */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlaybookVersion"];
                };
            };
            404: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    checkPlaybook: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PlaybookText"];
            };
        };
        responses: {
            /** @description What was found */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Checked"];
                };
            };
            413: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    compilePlaybook: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PlaybookText"];
            };
        };
        responses: {
            /** @description The plan or why there is none */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Compiled"];
                };
            };
            413: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    comparePlaybooks: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Comparison"];
            };
        };
        responses: {
            /** @description The changes, what concerns safety first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Compared"];
                };
            };
            413: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    importPlaybook: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ImportPlaybook"];
            };
        };
        responses: {
            /** @description The playbook and the report */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImportedPlaybook"];
                };
            };
            403: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    proposePlaybook: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Wanted"];
            };
        };
        responses: {
            /** @description The proposal */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Proposal"];
                };
            };
            403: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    testPlaybook: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TrialText"];
            };
        };
        responses: {
            /** @description What the tests found */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tested"];
                };
            };
            413: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    listRuns: {
        parameters: {
            query?: {
                alert_id?: string;
                /** @description The `next` of the page before */
                cursor?: components["parameters"]["Cursor"];
                limit?: components["parameters"]["Limit"];
                /** @description Runs that this run has called, or that take it back */
                parent_id?: string;
                playbook?: string;
                status?: components["schemas"]["RunStatus"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunList"];
                };
            };
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getRun: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The run */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            404: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    askAgain: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AskAgain"];
            };
        };
        responses: {
            /** @description Both verdicts */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AskedAgain"];
                };
            };
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    cancelRun: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Because"];
            };
        };
        responses: {
            /** @description It will be cancelled: the run as it was */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getCase: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The case */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        case: string;
                    };
                };
            };
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    listEvents: {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                cursor?: components["parameters"]["Cursor"];
                limit?: components["parameters"]["Limit"];
                /** @description A text in the event, in letters of any case */
                q?: string;
                /** @description The path of the step that they belong to */
                step?: string;
            };
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunEventList"];
                };
            };
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getEvent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
                number: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The event */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunEvent"];
                };
            };
            404: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getEvidence: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/zip": string;
                };
            };
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    listFeedback: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The judgements, one for each step that somebody judged */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JudgementList"];
                };
            };
            404: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    putFeedback: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Feedback"];
            };
        };
        responses: {
            /** @description The judgement */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Judgement"];
                };
            };
            404: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getRunHistory: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Temporal's JSON */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            404: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    listRunLedger: {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                cursor?: components["parameters"]["Cursor"];
                limit?: components["parameters"]["Limit"];
            };
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LedgerList"];
                };
            };
            404: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getRunPlan: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The plan */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunPlan"];
                };
            };
            404: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    askRecommended: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Recommendation"];
            };
        };
        responses: {
            /** @description The run that asks for it */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    checkReplay: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description What it came to */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Replayed"];
                };
            };
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    rerun: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Rerun"];
            };
        };
        responses: {
            /** @description It will start */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    listSteps: {
        parameters: {
            query?: {
                /** @description With `loop`: the first item; the `next` of the page before */
                from?: number;
                /** @description With `loop`: how many items */
                limit?: number;
                /** @description Path of a loop: only the steps of its items */
                loop?: string;
            };
            header?: never;
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All steps */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StepList"];
                };
            };
            404: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    undoRun: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path: {
                id: components["parameters"]["ID"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Because"];
            };
        };
        responses: {
            /** @description The run that takes it back */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            403: components["responses"]["Problem"];
            404: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getSchema: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: "playbook" | "plan";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The schema */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/schema+json": {
                        [key: string]: unknown;
                    };
                };
            };
            404: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    search: {
        parameters: {
            query: {
                limit?: components["parameters"]["Limit"];
                q: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was found */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HitList"];
                };
            };
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Session"];
            default: components["responses"]["Problem"];
        };
    };
    signIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Credentials"];
            };
        };
        responses: {
            200: components["responses"]["Session"];
            401: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["TooMany"];
            default: components["responses"]["Problem"];
        };
    };
    signOut: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Signed out */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Problem"];
            403: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    setUp: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Setup"];
            };
        };
        responses: {
            200: components["responses"]["Session"];
            401: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            429: components["responses"]["TooMany"];
            default: components["responses"]["Problem"];
        };
    };
    listAccuracy: {
        parameters: {
            query?: {
                by?: "rule" | "model" | "playbook";
                since?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A line for each */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccuracyList"];
                };
            };
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    getDataset: {
        parameters: {
            query?: {
                since?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The data set */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": string;
                };
            };
            422: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
    measureVerdicts: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required with a cookie; from `GET /v1/session` */
                "X-Picket-CSRF"?: components["parameters"]["CSRF"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MeasureRequest"];
            };
        };
        responses: {
            /** @description The report */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Measured"];
                };
            };
            403: components["responses"]["Problem"];
            409: components["responses"]["Problem"];
            413: components["responses"]["Problem"];
            422: components["responses"]["Problem"];
            503: components["responses"]["Problem"];
            default: components["responses"]["Problem"];
        };
    };
}
