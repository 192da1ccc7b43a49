// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import OpenStackImage

/// Does the same for several images, each given by id or name.
///
/// If one fails, the others are still done. The exit status is then that of a run in which some
/// images failed.
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
