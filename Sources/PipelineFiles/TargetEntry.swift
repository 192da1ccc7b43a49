// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// An entry of `targets` of any kind, as most of the program sees it. Only the factory that opens
/// entries asks for the kind itself.
package protocol TargetEntry: Sendable {
    /// The place of the entry in the file.
    var position: FilePosition { get }
    /// The rules of the target for the images that it receives.
    var rules: TargetRules { get }
    /// The name for a headline.
    var shortName: String { get }
    /// The cloud that the entry signs in to; nil without one.
    var cloudEntry: CloudTarget? { get }
}

extension Target {
    package var entry: any TargetEntry {
        switch self {
        case .cloud(let target): target
        case .archive(let target): target
        }
    }

    public var position: FilePosition { entry.position }
    package var rules: TargetRules { entry.rules }
    package var cloudEntry: CloudTarget? { entry.cloudEntry }
}

extension CloudTarget: TargetEntry {
    package var position: FilePosition { cloud.position }
    package var shortName: String { cloud.shortName }
    package var cloudEntry: CloudTarget? { self }
}

extension ArchiveTarget: TargetEntry {
    package var shortName: String { "archive" }
    package var cloudEntry: CloudTarget? { nil }
}
