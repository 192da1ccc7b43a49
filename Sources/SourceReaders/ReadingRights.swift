// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles

/// The right to list the images of all projects, for an entry whose `owner` needs it.
///
/// Without that right a listing is not refused: it has the user's own images, and those that others
/// show to all or share. A token shows only the roles, and a cloud may have other policies, so a
/// private image of another project counts as a proof of the right.
struct ReadingRights {
    private let conditions: CatalogueConditions
    private let project: String?
    private var mayLack: Bool

    init(_ catalogue: any ImageCatalogue, _ listing: Listing, _ project: String?) {
        conditions = catalogue.conditions
        self.project = project
        let selection = conditions.selection
        let isOfOthers =
            switch selection.owner {
            case .selfProject: false
            case .project(let id): project.map { !ProjectID.areEqual(id, $0) } ?? false
            case .any, nil: true
            }
        let asks =
            selection.visibility.map { $0.contains(.private) || $0.contains(.shared) } ?? true
        mayLack = listing.hasProjects && catalogue.reader?.isAdmin == false && isOfOthers && asks
    }

    /// Looks for a private image of another project.
    mutating func see(_ images: [ListedImage]) {
        guard mayLack, let project else { return }
        mayLack = !images.contains { listed in
            guard listed.image.visibility == .private, let owner = listed.image.ownerID else {
                return false
            }
            return !ProjectID.areEqual(owner, project)
        }
    }

    /// The images that are probably missing; nil if none are. Call this after the last page.
    var lack: MissedSelection? {
        guard mayLack else { return nil }
        return MissedSelection(
            place: conditions.place,
            what: "\(conditions.kind.rawValue) \(conditions.name) lists no private image of "
                + "another project, and its user is not an administrator: images of other projects may be "
                + "missing here",
            remedy: "use an administrator's entry, or `projects` without `owner`, which takes a "
                + "token of each project; `visibility: [public, community]` selects what all users see"
        )
    }
}
