// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import ByteStreams
internal import MigrationJournal
public import MigrationModel

extension Scheduler {
    func sourceEndpoint(of transfer: Transfer) -> String {
        (try? stages.source(of: transfer))?.endpoint
            ?? "source \(transfer.source.sourceIndex + 1)"
    }

    func targetEndpoint(of transfer: Transfer) -> String {
        (try? stages.target(of: transfer))?.endpoint ?? "target \(transfer.targetKey)"
    }

    func endpoint(of transfer: Transfer, at side: TranshipError.Side) -> String {
        switch side {
        case .source: sourceEndpoint(of: transfer)
        case .target: targetEndpoint(of: transfer)
        }
    }

    /// The endpoints that the transfer's next step uses.
    func endpoints(of transfer: Transfer) -> Set<String> {
        transfer.state.movesData
            ? [sourceEndpoint(of: transfer), targetEndpoint(of: transfer)]
            : [targetEndpoint(of: transfer)]
    }

    /// Returns true if all endpoints of the transfer answer, or if the transfer may probe one that
    /// does not.
    func endpointsAdmit(_ transfer: Transfer, at now: Int64) -> Bool {
        let endpoints = endpoints(of: transfer)
        return breakers.withLock { breakers in
            guard endpoints.allSatisfy({ breakers.admits($0, at: now) }) else { return false }
            for endpoint in endpoints { breakers.begins(transfer.id, at: endpoint) }
            return true
        }
    }

    /// True if an endpoint that the transfer needs does not answer.
    func isCutOff(_ transfer: Transfer) -> Bool {
        let endpoints = endpoints(of: transfer)
        return breakers.withLock { breakers in endpoints.contains { breakers.isOpen($0) } }
    }

    func isOpen(_ endpoint: String) -> Bool { breakers.withLock { $0.isOpen(endpoint) } }

    /// The endpoints that do not answer, with the last failure of each. At the end of a run: those
    /// that it gave up.
    public var deadEndpoints: [String: TranshipError] {
        breakers.withLock(\.errors)
    }

    /// The endpoints that do not answer now, each under the names of its targets.
    public var outages: [RunProgress.Outage] {
        breakers.withLock(\.open).map { outage in
            let targets = stages.targets.filter { $0.endpoint == outage.endpoint }.map(\.key)
            return RunProgress.Outage(
                name: targets.isEmpty ? outage.endpoint : targets.joined(separator: ", "),
                since: outage.since, nextTryAt: outage.nextTryAt, givesUpAt: outage.givesUpAt)
        }
    }

    /// Records that these endpoints answered a step.
    func answered(
        _ endpoints: Set<String>, run: Run
    ) async throws(TranshipError) {
        let now = now()
        breakers.withLock { breakers in
            for endpoint in endpoints { breakers.answered(endpoint, now: now) }
        }
        try await tellOutages(run)
    }

    /// Counts a failure at its endpoint.
    ///
    /// - Returns: the endpoint, if no transfer can work with it now. The failure is then not the
    ///   image's, and does not cost a try.
    func outage(
        _ transfer: Transfer, _ error: TranshipError, run: Run
    ) async throws(TranshipError) -> String? {
        let endpoint =
            error.side == .source
            ? sourceEndpoint(of: transfer) : targetEndpoint(of: transfer)
        guard error.looksLikeOutage else {
            // A refusal also is an answer.
            if error.answer != nil { try await answered([endpoint], run: run) }
            return nil
        }
        let now = now()
        let isOpen = breakers.withLock { breakers in
            breakers.failed(transfer.id, at: endpoint, with: error, now: now)
            return breakers.isOpen(endpoint)
        }
        try await tellOutages(run)
        return isOpen ? endpoint : nil
    }

    private func tellOutages(_ run: Run) async throws(TranshipError) {
        while let news = breakers.withLock({ $0.nextNews() }) {
            defer { breakers.withLock { $0.told() } }
            switch news {
            case .stopped(let endpoint, let error):
                try await journal.beginOutage(run: run, endpoint: endpoint, error: error)
                monitor.notice(.endpointStopped(endpoint, message: error.message))
            case .answered(let endpoint, let seconds):
                try await journal.endOutage(run: run, endpoint: endpoint)
                monitor.notice(.endpointAnswers(endpoint, afterSeconds: seconds))
                wake()
            }
        }
    }
}
