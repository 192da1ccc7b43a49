// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel

@testable import MigrationPipeline

extension Trip {
    /// Returns a trip that discards its commits.
    static func silent(_ transfer: Transfer) -> Trip {
        Trip(transfer) { (_) async throws(TranshipError) in
        } answered: { (_) async throws(TranshipError) in
        }
    }
}
