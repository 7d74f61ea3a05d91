import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import software.amazon.smithy.model.Model;
import software.amazon.smithy.model.loader.IdlTokenizer;
import software.amazon.smithy.model.node.Node;
import software.amazon.smithy.model.shapes.ModelSerializer;
import software.amazon.smithy.model.validation.Severity;
import software.amazon.smithy.model.validation.ValidatedResult;
import software.amazon.smithy.model.validation.ValidationEvent;
import software.amazon.smithy.syntax.Formatter;
import software.amazon.smithy.syntax.TokenTree;

/**
 * Runs what is behind smithy-cli's validate, ast and format on many files in one
 * process. Arguments: the folder for the answers, files that are part of every
 * model, "--", and the files of which each is a model with them.
 */
public final class Oracle {
    public static void main(String[] args) throws Exception {
        Path out = Path.of(args[0]);
        List<Path> common = new ArrayList<>();
        int at = 1;
        for (; !args[at].equals("--"); at++) {
            common.add(Path.of(args[at]));
        }
        for (at++; at < args.length; at++) {
            Path file = Path.of(args[at]);
            String name = file.getFileName().toString().replaceAll("\\.[a-z]+$", "");
            List<String> events = new ArrayList<>();
            try {
                var assembler = Model.assembler();
                common.forEach(assembler::addImport);
                ValidatedResult<Model> result = assembler.addImport(file).assemble();
                for (ValidationEvent e : result.getValidationEvents()) {
                    if (e.getSeverity().ordinal() >= Severity.NOTE.ordinal()) {
                        events.add(String.format("%s %s %s %d", e.getSeverity(), e.getId(),
                            e.getShapeId().map(Object::toString).orElse("-"), e.getSourceLocation().getLine()));
                    }
                }
                if (result.getResult().isPresent() && !result.isBroken()) {
                    Node ast = ModelSerializer.builder().build().serialize(result.unwrap());
                    Files.writeString(out.resolve(name + ".json"), Node.prettyPrintJson(ast, "    ") + "\n");
                }
            } catch (RuntimeException | StackOverflowError e) {
                events.add("CRASH");
            }
            Collections.sort(events); // their order is not always the same
            Files.write(out.resolve(name + ".events"), events);
            try {
                String text = Files.readString(file);
                Files.writeString(out.resolve(name + ".fmt"), Formatter.format(TokenTree.of(IdlTokenizer.create(file.toString(), text))));
            } catch (RuntimeException | StackOverflowError e) {
                continue; // no text that can be formatted
            }
        }
    }
}
