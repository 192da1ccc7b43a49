// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct ImageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image",
        abstract: "Manage the images of one cloud: records and data.",
        subcommands: [
            ImageListCommand.self, ImageShowCommand.self, ImageFindCommand.self,
            ImageCreateCommand.self,
            ImageUploadCommand.self, ImageDownloadCommand.self, ImageStageCommand.self,
            ImageSetCommand.self, ImageUnsetCommand.self,
            ImageDeleteCommand.self, ImageDeactivateCommand.self, ImageReactivateCommand.self,
            ImageImportCommand.self, ImageImportInfoCommand.self, ImageTasksCommand.self,
        ])
}

/// The image of a command.
struct ImageArgument: ParsableArguments {
    @Argument(help: "The image, by id or name.", completion: .image)
    var image: String
}

/// One or more images.
struct ImagesArgument: ParsableArguments {
    @Argument(help: .value("image", "The images, by id or name."), completion: .image)
    var images: [String]
}
