"""The samplers of `steelyard.resample`, each as a technique with nothing else treated."""

from steelyard.techniques.resampled import Resampled
from steelyard.techniques.technique import Technique

ROWS = (
    (
        "borderline-smote",
        "synthetic rows from the rare rows that lie among other classes",
        "Han, Wang & Mao, ICIC 2005",
    ),
    (
        "adasyn",
        "synthetic rows, more of them where more neighbours are of other classes",
        "He et al., IJCNN 2008",
    ),
    (
        "svm-smote",
        "synthetic rows from the support vectors of an SVM",
        "Nguyen, Cooper & Kamei, IJKESDP 3, 2011",
    ),
    (
        "kmeans-smote",
        "synthetic rows inside clusters of the rare class",
        "Douzas, Bacao & Last, Information Sciences 465, 2018",
    ),
    (
        "smotenc",
        "synthetic rows whose categories are voted for by neighbours",
        "Chawla et al., JAIR 16, 2002",
    ),
    (
        "smoten",
        "synthetic rows of categories only, voted for by neighbours",
        "Chawla et al., JAIR 16, 2002",
    ),
    (
        "smote-enn",
        "SMOTE, then rows dropped that most of their neighbours contradict",
        "Batista, Prati & Monard, SIGKDD Explorations 6, 2004",
    ),
    (
        "smote-tomek",
        "SMOTE, then pairs dropped that are each other's neighbour and of two classes",
        "Batista, Bazzan & Monard, WOB 2003",
    ),
    (
        "tomek-links",
        "frequent rows dropped whose nearest neighbour is rare and takes them for its own",
        "Tomek, IEEE Trans. Systems, Man, and Cybernetics 6, 1976",
    ),
    (
        "enn",
        "frequent rows dropped that a neighbour contradicts",
        "Wilson, IEEE Trans. Systems, Man, and Cybernetics 2, 1972",
    ),
    (
        "repeated-enn",
        "the same again and again until nothing more is dropped",
        "Tomek, IEEE Trans. Systems, Man, and Cybernetics 6, 1976",
    ),
    (
        "all-knn",
        "the same with ever more neighbours",
        "Tomek, IEEE Trans. Systems, Man, and Cybernetics 6, 1976",
    ),
    (
        "neighbourhood-cleaning",
        "frequent rows dropped that contradict or are contradicted by their neighbours",
        "Laurikkala, AIME 2001",
    ),
    (
        "condensed",
        "frequent rows kept only where the rows kept before them would misjudge them",
        "Hart, IEEE Trans. Information Theory 14, 1968",
    ),
    (
        "one-sided-selection",
        "frequent rows dropped that one of their class judges right, then Tomek links",
        "Kubat & Matwin, ICML 1997",
    ),
    (
        "near-miss-1",
        "frequent rows kept that are closest to their nearest rare rows",
        "Mani & Zhang, ICML workshop on imbalanced datasets 2003",
    ),
    (
        "near-miss-2",
        "frequent rows kept that are closest to their farthest rare rows",
        "Mani & Zhang, ICML workshop on imbalanced datasets 2003",
    ),
    (
        "near-miss-3",
        "of the frequent rows next to rare ones, those kept that are farthest",
        "Mani & Zhang, ICML workshop on imbalanced datasets 2003",
    ),
    (
        "instance-hardness",
        "frequent rows kept that a forest finds easy",
        "Smith, Martinez & Giraud-Carrier, Machine Learning 95, 2014",
    ),
    (
        "cluster-centroids",
        "frequent rows replaced by the centres of their clusters",
        "Yen & Lee, Expert Systems with Applications 36, 2009",
    ),
)

TECHNIQUES = tuple(
    Technique(name, about, source, sample=Resampled(name)) for name, about, source in ROWS
)
