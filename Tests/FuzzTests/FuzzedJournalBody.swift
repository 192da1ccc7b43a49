// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import MigrationModel

@testable import MigrationJournal

/// Bytes as the compressed body of a row of the journal.
enum FuzzedJournalBody {
    static func run(_ bytes: [UInt8]) {
        guard let json = try? Body.json(Data(bytes)) else { return }
        guard let packed = try? Body.pack(json: json), (try? Body.json(packed)) == json else {
            preconditionFailure("a body that can be read cannot be written")
        }
        _ = try? Body.unpack(SourceImage.self, Data(bytes))
    }
}
