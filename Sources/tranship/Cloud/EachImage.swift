// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationModel
import Basics
import OpenStackImage

/// The same for several images, each by id or name.
///
/// One that fails does not keep the others from being done; the status is then
/// that of a run in which some images failed.
struct EachImage {
    let names: [String]
    let service: ImageService
    var missingIsFine = false

    func carryOut(
        _ work: (Image) async throws(TranshipError) -> Void
    ) async throws {
        var failures = 0
        for name in names {
            do throws(TranshipError) {
                try await work(try await service.find(name))
            } catch {
                if missingIsFine, error.code == .notFound { continue }
                guard names.count > 1 else { throw error }
                Terminal.tell("error: \(name): \(error.message)")
                if let hint = error.hint { Terminal.tell("hint: \(hint)") }
                failures += 1
            }
        }
        if failures > 0 { throw EarlyExit(status: .someFailed) }
    }
}
