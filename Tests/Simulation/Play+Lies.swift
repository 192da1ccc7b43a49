// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationJournal
import MigrationModel
import TranshipKit

/// The requirements for a process that was lied to.
extension Simulator.Play {
    /// Codes that blame us. A service must not be able to cause them.
    private static let ourFaults: Set<TranshipError.Code> = [
        .unclassified, .usage, .invalidPipeline, .journalFailed, .journalTooNew,
        .journalInUse,
    ]
    private static let messageCharactersMax = 20_000

    /// Ends the lies. One more start has to come to an end, no matter what the journal holds.
    func settleAfterLies() {
        world.say("the truth from now on")
        world.isCalm = true
        world.liar = nil
        world.timeline.pass(3 * 3_600_000)
        for host in world.hosts.filter(\.isUsed) {
            for ended in begin([Launch(host: host)]) {
                guard let ended else { continue }
                checkEndOfLies(ended, host, rows(of: host))
                if case .failure(let error) = ended {
                    world.violation("an honest start fails after the lies: \(error.message)")
                }
            }
        }
    }

    /// Checks that a start ends with an exit code and a sentence, shows no secret, calls nothing
    /// done that is not proved, and leaves a readable journal.
    func checkEndOfLies(
        _ ended: Result<RunSummary, TranshipError>, _ host: Host, _ rows: [Transfer]
    ) {
        if case .failure(let error) = ended {
            check(error, "start \(runs)")
            if ExitStatus(error.code) == .usage {
                world.violation("start \(runs) blames the command line: \(error.message)")
            }
        }
        for row in rows {
            let place = "\(row.source.displayName.prefix(40)) to \(row.targetKey)"
            world.check("\(row)", "the row of \(place)")
            if row.state == .failed || row.state == .unpublished {
                guard let failure = row.failure else {
                    world.violation("\(place) is \(row.state) without a reason")
                    continue
                }
                check(
                    TranshipError(failure.code, failure.message, hint: failure.hint), place)
            }
            let sent = row.imageID.flatMap { world.clouds[row.targetKey]?.record($0)?.sent }
            if row.state == .done, let doubt = world.watch.told.doubt(row, sent: sent) {
                world.violation("\(place) is done and not proved: \(doubt)")
            }
        }
        readStatus(of: host)
    }

    private func check(_ error: TranshipError, _ place: String) {
        world.check(error.description, place)
        if Self.ourFaults.contains(error.code) {
            world.violation("\(place): a lie leads to \(error.code.rawValue): \(error.message)")
        }
        if error.message.isEmpty || error.message.count > Self.messageCharactersMax {
            world.violation("\(place): a message of \(error.message.count) characters")
        }
    }

    /// Reads the journal as `tranship status` does.
    private func readStatus(of host: Host) {
        let failure = Box<TranshipError>()
        let said = Box<String>()
        wait { [host] in
            do throws(TranshipError) {
                guard let status = try await RunStatus.read(host.journal) else { return }
                var words = "\(status.run) \(status.outages) \(status.refusals)"
                try await status.eachTransfer { transfer, tries in words += "\(transfer) \(tries)" }
                said.value = words
            } catch {
                failure.value = error
            }
        }
        if let failure = failure.value {
            world.violation("the journal cannot be read: \(failure.message)")
        }
        world.check(said.value ?? "", "the journal")
    }
}
