// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Testing

/// The operations and parameters of another client or API that a test shows ours to have.
/// `docs/api-coverage.md` is made from these declarations.
///
/// Each row is `LIST OPERATION` or `LIST OPERATION(parameter, …)`, where the list is `sdk`
/// (openstacksdk's image proxy), `4j` (OpenStack4j's image services) or `v1` (Images API v1), as in
/// `Tests/reference`. `scripts/api-coverage` reads a declaration from the source, so it must be
/// literal.
///
/// ```swift
/// @Test("a record comes back as it was created", .proves("sdk get_image(image)"))
/// ```
public struct ProvedRows: TestTrait {
    public let rows: [String]
}

extension Trait where Self == ProvedRows {
    public static func proves(_ rows: String...) -> ProvedRows { ProvedRows(rows: rows) }
}
